# The keepfit command in a small image:
#
#     docker build -t keepfit .
#     docker run --rm -v "$PWD:/data" -w /data keepfit classify --model model --labels "normal;glaucoma" photograph.jpg
FROM swift:6.2-bookworm AS build
WORKDIR /source
COPY Scripts/install-packages Scripts/install-packages
RUN Scripts/install-packages
COPY . .
RUN make install DESTDIR=/stage PREFIX=/usr/local

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
       libopenblas0-pthread liblapacke libturbojpeg0 libpng16-16 libtiff6 \
       poppler-utils poppler-data \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /stage/usr/local /usr/local
ENTRYPOINT ["keepfit"]
