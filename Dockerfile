# The keepfit command in a small image:
#
#     docker build -t keepfit .
#     docker run --rm -v "$PWD:/data" -w /data keepfit classify --model model --labels "normal;glaucoma" photograph.jpg
#
# With --build-arg TRAITS=DICOM it reads DICOM files.
FROM swift:6.2-bookworm AS build
ARG TRAITS=
WORKDIR /source
COPY Scripts/install-packages Scripts/install-packages
RUN Scripts/install-packages
COPY . .
RUN make install TRAITS="$TRAITS" DESTDIR=/stage PREFIX=/usr/local

FROM debian:bookworm-slim
ARG TRAITS=
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
       libopenblas0-pthread liblapacke libturbojpeg0 libpng16-16 libtiff6 zlib1g \
       poppler-utils poppler-data \
       $(case "$TRAITS" in *DICOM*) echo libcharls2 libopenjp2-7 ;; esac) \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /stage/usr/local /usr/local
ENTRYPOINT ["keepfit"]
