"""Starts `keepfit serve` and uses it as browsers, scripts and attackers do: the answers against those of `keepfit
classify`, errors, limits, slow and hostile clients, many clients, memory, and the page in headless Chromium.

    python3 Scripts/checks/serve.py --keepfit .build-asan/debug/keepfit [--requests 400] [--screenshots DIR]

Needs only Python and the command; the page is left out, with a note, where there is no Chromium. Exits with 1 when
something is wrong.
"""

import argparse
import atexit
import base64
import concurrent.futures
import http.client
import json
import pathlib
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

import devtools

LABELS = "labels=normal%3Bglaucoma%3Bdiabetic+retinopathy"
failures = []


def expect(condition, text):
    if not condition:
        failures.append(text)
        print("FAILED:", text, flush=True)


class Server:
    def __init__(self, keepfit, *words):
        self.process = subprocess.Popen(
            [keepfit, "serve", "--port", "0", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        line = self.process.stdout.readline()
        found = re.match(r"Serving at http://127\.0\.0\.1:(\d+)/$", line)
        if not found:
            raise SystemExit(f"the server did not start: {line}{self.process.stderr.read()}")
        self.port = int(found.group(1))

    def ask(self, method, target, body=None, **headers):
        """The status, the headers and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, target, body, {k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def raw(self, data, seconds=15):
        """What comes back for bytes as they are."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(data)
            answer = b""
            try:
                while True:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    answer += piece
            except (socket.timeout, ConnectionError):
                pass
            return answer

    def memory(self):
        """Resident memory in MiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        output = self.process.communicate(timeout=60)
        return self.process.returncode, output[1]


def png(width, height, data=b""):
    """A PNG file with a header and some data."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def form(fields):
    parts = [b'--xyz\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name.encode(), b'; filename="a.jpg"' if name == "image" else b"", value) for name, value in fields.items()]
    return b"".join(parts) + b"--xyz--\r\n"


def check_answers(server, keepfit, model, photograph):
    image = photograph.read_bytes()
    command = json.loads(subprocess.run(
        [keepfit, "classify", "--model", model, "--labels", "normal;glaucoma;diabetic retinopathy", "--json",
         photograph], check=True, capture_output=True, text=True).stdout)[0]
    status, headers, body = server.ask("POST", "/api/classify?" + LABELS, image, Content_Type="image/jpeg")
    raw = json.loads(body)
    expect(status == 200 and raw["probabilities"] == command["probabilities"],
           f"the probabilities differ from those of keepfit classify: {raw} {command}")
    expect("Access-Control-Allow-Origin" not in headers and headers["X-Content-Type-Options"] == "nosniff"
           and "Server-Timing" in headers, f"headers {headers}")
    fields = {"labels": b"normal;glaucoma;diabetic retinopathy", "image": image}
    answer = server.ask("POST", "/api/classify", form(fields), Content_Type="multipart/form-data; boundary=xyz")
    expect(json.loads(answer[2])["probabilities"] == raw["probabilities"], f"a form: {answer}")
    text = json.dumps({"labels": ["normal", "glaucoma", "diabetic retinopathy"],
                       "image": base64.b64encode(image).decode()})
    answer = server.ask("POST", "/api/classify", text, Content_Type="application/json")
    expect(json.loads(answer[2])["probabilities"] == raw["probabilities"], f"JSON: {answer}")
    status, headers, body = server.ask("POST", "/api/explain?label=glaucoma", image, Content_Type="image/jpeg")
    expect(status == 200 and body.startswith(b"\x89PNG"), f"a map: {status} {body[:200]}")
    status, _, body = server.ask("POST", "/api/search?count=3", image, Content_Type="image/jpeg")
    matches = json.loads(body)["matches"]
    expect(len(matches) == 3 and matches[0]["score"] > 0.999 and matches[0]["source"] == photograph.name,
           f"the most similar image is not itself: {matches}")
    status, headers, body = server.ask("GET", matches[0]["thumbnail"])
    expect(status == 200 and headers["Content-Type"] == "image/jpeg" and body.startswith(b"\xff\xd8"), "a thumbnail")
    status, headers, body = server.ask("HEAD", "/")
    expect(status == 200 and body == b"" and int(headers["Content-Length"]) > 10000, f"HEAD {status} {headers}")
    status, _, body = server.ask("GET", "/api/model")
    expect(status == 200 and "not a medical device" in json.loads(body)["notice"], f"the model: {body}")


def check_refusals(server, image):
    jpeg = {"Content_Type": "image/jpeg"}
    cases = [
        ("GET", "/nothing", None, {}, 404), ("GET", "/../../etc/passwd", None, {}, 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", None, {}, 404), ("DELETE", "/", None, {}, 405),
        ("GET", "/api/classify", None, {}, 405), ("OPTIONS", "/api/classify", None, {}, 405),
        ("GET", "/api/thumbnail?index=../../etc/passwd", None, {}, 400),
        ("GET", "/api/thumbnail?index=99999999", None, {}, 400),
        ("GET", "/api/thumbnail?index=0&path=/etc/passwd", None, {}, 400),
        ("POST", "/api/classify", image, jpeg, 400), ("POST", "/api/classify?" + LABELS, b"", jpeg, 400),
        ("POST", "/api/classify?labels=%FF", image, jpeg, 400),
        ("POST", "/api/classify?labels=" + ";".join(f"a{i}" for i in range(101)), image, jpeg, 400),
        ("POST", "/api/classify?labels=a;" + "b" * 201, image, jpeg, 400),
        ("POST", "/api/classify?" + LABELS, image, {"Content_Type": "text/plain"}, 415),
        ("POST", "/api/classify?" + LABELS, b"GIF89a", jpeg, 415),
        ("POST", "/api/classify?" + LABELS, b"%PDF-1.7", jpeg, 415),
        ("POST", "/api/classify?" + LABELS, image[:len(image) // 2], jpeg, 400),
        ("POST", "/api/classify?" + LABELS, png(60000, 60000), jpeg, 413),
        ("POST", "/api/classify?" + LABELS, png(9000, 9000, bytes(5000)), jpeg, 400),
        ("POST", "/api/classify", form({"labels": b"a;b", "image": image})[:-20],
         {"Content_Type": "multipart/form-data; boundary=xyz"}, 400),
        ("POST", "/api/classify", b"[" * 100000, {"Content_Type": "application/json"}, 400),
        ("POST", "/api/classify?" + LABELS, bytes((1 << 20) + 1), jpeg, 413),
        ("GET", "/healthz", None, {"Host": "attacker.example"}, 403),
        ("GET", "/healthz", None, {"Host": "127.0.0.1.attacker.example:80"}, 403),
        ("POST", "/api/classify?" + LABELS, image, {**jpeg, "Origin": "http://attacker.example"}, 403),
    ]
    for method, target, body, headers, status in cases:
        found, answer, text = server.ask(method, target, body, **headers)
        name = f"{method} {target[:60]} {str(body)[:20]} {headers}"
        expect(found == status, f"{name}: {found} instead of {status}, {text[:200]}")
        expect(json.loads(text).get("status") == status, f"{name}: not an error as JSON: {text[:200]}")
    head = "POST /api/classify?%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n"
    for line, status in [
            ("Transfer-Encoding: chunked", 411), ("X: y", 411), ("Content-Length: 99999999999", 413),
            ("Content-Length: 2000000\r\nExpect: 100-continue", 413), ("Content-Length: -1", 400),
            ("Content-Length: abc", 400)]:
        answer = server.raw((head % (LABELS, line)).encode())
        expect(answer.split(b"\r\n")[0].split(b" ")[1:2] == [str(status).encode()], f"{line}: {answer[:200]}")
    for data in [b"\0" * 100, b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n",
                 b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200000 + b"\r\n\r\n"]:
        answer = server.raw(data, seconds=3)
        expect(not answer or b" 4" in answer.split(b"\r\n")[0] or b" 5" in answer.split(b"\r\n")[0],
               f"{data[:40]}: {answer[:100]}")
    # A client that leaves in the middle of its body.
    server_socket = socket.create_connection(("127.0.0.1", server.port))
    server_socket.sendall((head % (LABELS, "Content-Length: 1000")).encode() + b"abc")
    server_socket.close()
    expect(server.ask("GET", "/healthz")[0] == 200, "no answer after hostile requests")


def check_slow_clients(keepfit, model, image):
    """Clients that never finish: others are served meanwhile, and theirs end with 408 or a closed connection."""
    server = Server(keepfit, "--model", model, "--quiet", "--timeout", 4, "--connections", 20)
    head = b"POST /api/classify?labels=a;b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
    slow = []
    for index in range(20):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        connection.sendall(head if index % 2 else head[:30])
        slow.append(connection)
    ended = threading.Event()

    def trickle():
        while not ended.wait(0.5):
            for connection in slow:
                try:
                    connection.sendall(b"a")
                except OSError:
                    pass

    thread = threading.Thread(target=trickle)
    thread.start()
    start = time.monotonic()
    status = server.ask("POST", "/api/classify?" + LABELS, image, Content_Type="image/jpeg")[0]
    seconds = time.monotonic() - start
    expect(status == 200 and seconds < 8, f"slow clients block others: {status} after {seconds:.1f} s")
    answers = []
    for connection in slow:
        try:
            answers.append(connection.recv(65536))
        except OSError:
            answers.append(b"")
        connection.close()
    ended.set()
    thread.join()
    expect(any(b" 408 " in answer for answer in answers), "no slow body was answered with 408")
    print(f"20 of 20 connections taken by slow clients: another is served after {seconds:.1f} s")
    code, text = server.stop(signal.SIGINT)
    expect(code == 130 and "stopped by SIGINT" in text, f"SIGINT: {code} {text}")


def check_overload(keepfit, model, image):
    """More requests than the queue holds: some get 503 at once, all others are answered."""
    server = Server(keepfit, "--model", model, "--quiet", "--queue", 2)
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        jobs = [pool.submit(server.ask, "POST", "/api/explain?label=glaucoma", image, Content_Type="image/jpeg")
                for _ in range(60)]
        answers = [job.result() for job in jobs]
    codes = [answer[0] for answer in answers]
    expect(set(codes) == {200, 503}, f"overload: {sorted(set(codes))}")
    busy = next((answer for answer in answers if answer[0] == 503), None)
    expect(busy is None or busy[1].get("Retry-After") == "1", "503 without Retry-After")
    print(f"overload: {codes.count(200)} answered, {codes.count(503)} refused with 503")
    code, text = server.stop()
    expect(code == 143 and "stopped by SIGTERM" in text, f"SIGTERM: {code} {text}")


def check_clients(server, image, clients, requests):
    """Many clients with connections that stay open; returns what is to be reported."""
    expected = server.ask("POST", "/api/classify?" + LABELS, image, Content_Type="image/jpeg")[2]
    times, wrong = [], []
    left = iter(range(requests))
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        while True:
            with lock:
                if next(left, None) is None:
                    break
            start = time.monotonic()
            connection.request("POST", "/api/classify?" + LABELS, image, {"Content-Type": "image/jpeg"})
            response = connection.getresponse()
            body = response.read()
            times.append(time.monotonic() - start)
            if response.status != 200 or body != expected:
                wrong.append((response.status, body[:100]))
        connection.close()

    start = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - start
    expect(not wrong, f"{len(wrong)} of {requests} answers of {clients} clients are wrong: {wrong[:2]}")
    times.sort()
    print(f"{requests} requests of {clients} clients: {requests / seconds:.0f} a second, median "
          f"{statistics.median(times) * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms, {server.memory():.0f} MiB",
          flush=True)


def check_speed(keepfit, model, photographs):
    """The first answer against the library call."""
    def classify(files):
        start = time.monotonic()
        subprocess.run([keepfit, "classify", "--model", model, "--batch-size", "1", "--quiet", "--labels",
                        "normal;glaucoma;diabetic retinopathy", "--json", *files], check=True, capture_output=True)
        return time.monotonic() - start
    classify(photographs[:1])
    one = min(classify(photographs[:1]) for _ in range(3))
    many = min(classify(photographs[:11]) for _ in range(3))
    library = (many - one) / 10
    server = Server(keepfit, "--model", model, "--quiet")
    waits = []
    for photograph in photographs[:11]:
        start = time.monotonic()
        status, headers, _ = server.ask(
            "POST", "/api/classify?" + LABELS, photograph.read_bytes(), Content_Type="image/jpeg")
        waits.append((time.monotonic() - start, headers["Server-Timing"]))
        expect(status == 200, "an answer")
    server.stop()
    waits = [(wait, float(timing.split("=")[1]) / 1000) for wait, timing in waits]
    first, later = waits[0][0], min(wait for wait, _ in waits[1:])
    print(f"library call {library * 1000:.1f} ms an image ({one * 1000:.0f} ms with loading and texts); first answer "
          f"{first * 1000:.1f} ms (within the service {waits[0][1] * 1000:.1f} ms), later ones {later * 1000:.1f} ms")
    # The time within the service is that of the library calls; unlike the command's it is measured at the same moment.
    expect(first < 2 * one, f"the first answer takes {first:.3f} s, the command {one:.3f} s")
    expect(all(wait < 2 * service + 0.1 for wait, service in waits) and min(
        wait - 2 * service for wait, service in waits) < 0.01, f"answers and the part of the service: {waits}")


def check_page(server, photograph, folder, chromium):
    browser = devtools.Browser(chromium)
    try:
        browser.resize(1200, 900)
        browser.send("Page.navigate", url=f"http://127.0.0.1:{server.port}/")
        browser.wait("document.body && document.body.dataset.ready === 'true'")
        expect("not a medical device" in browser.value("document.getElementById('notice').textContent"), "the notice")
        # By keyboard: the labels, then the button that classifies.
        browser.choose("#file", photograph)
        browser.value("document.getElementById('labels').focus()")
        for _ in range(10):
            browser.press("Tab")
            if browser.value("document.activeElement.id") == "go":
                break
        expect(browser.value("document.activeElement.id") == "go", "the button cannot be reached by keyboard")
        browser.press("Enter", text="\r")
        browser.wait("!document.getElementById('result').hidden && !document.getElementById('similar').hidden")
        rows = browser.value("[...document.querySelectorAll('#table tbody tr')].map(r => r.innerText)")
        expect(len(rows) == 4 and all(re.search(r"\d+\.\d %", row) for row in rows), f"probabilities: {rows}")
        shares = [float(re.search(r"(\d+\.\d) %", row).group(1)) for row in rows]
        expect(abs(sum(shares) - 100) < 0.5 and shares == sorted(shares, reverse=True), f"probabilities: {shares}")
        expect("predicted" in rows[0] and "predicted" not in rows[1], f"the predicted label is not named: {rows}")
        # From the result the next stops are the buttons of the maps.
        for _ in range(10):
            browser.press("Tab")
            if "Show map" in browser.value("document.activeElement.textContent"):
                break
        browser.press("Enter", text="\r")
        browser.wait("!document.getElementById('explanation').hidden && document.querySelector('.map img').naturalWidth > 0")
        expect("Saliency map" in browser.value("document.getElementById('maptitle').textContent"), "the map's title")
        browser.wait("[...document.querySelectorAll('.matches img')].every(i => i.complete)")
        loaded = browser.value("[...document.querySelectorAll('.matches img')].map(i => i.naturalWidth)")
        expect(len(loaded) == 6 and all(loaded), f"similar images: {loaded}")
        for width in (1200, 400):
            browser.resize(width, 900)
            time.sleep(0.3)
            excess = browser.value("document.documentElement.scrollWidth - innerWidth")
            expect(excess <= 0, f"at {width} pixels the page is {excess} pixels too wide")
            browser.screenshot(folder / f"serve-{width}.png")
        # A file that is not an image: an error in words.
        bad = folder / "bad.jpg"
        bad.write_bytes(b"no image")
        browser.choose("#file", bad)
        browser.value("document.getElementById('form').requestSubmit()")
        browser.wait("document.getElementById('status').className === 'error'")
        text = browser.value("document.getElementById('status').textContent")
        expect("expected a JPEG" in text, f"the error of a bad file: {text}")
        bad.unlink()
        problems = [text for text in browser.problems() if "415" not in text]
        expect(not problems, f"the page logs errors: {problems}")
    finally:
        browser.close()
    print(f"page: probabilities, map and similar images; screenshots in {folder}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keepfit", required=True)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--model", help="another model than a tiny one, for the speed")
    parser.add_argument("--size", type=int, default=96, help="size of the synthetic photographs")
    parser.add_argument("--screenshots", type=pathlib.Path)
    options = parser.parse_args()
    root = pathlib.Path(tempfile.mkdtemp(prefix="serve-"))
    command = lambda *words: subprocess.run([options.keepfit, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    model = root / "model"
    command("init", "--preset", "tiny", "--out", model, "--quiet")
    command("data", "synthesize", "--out", root / "data", "--public-count", 12, "--expert-count", 1, "--test-per-class", 1,
            "--size", options.size, "--no-masks", "--quiet")
    photographs = sorted((root / "data").rglob("*.jpg"))
    command("embed", "--model", model, "--out", root / "index.safetensors", "--quiet", *photographs)
    image = photographs[0].read_bytes()

    server = Server(options.keepfit, "--model", model, "--quiet", "--max-upload", 1, "--index", root / "index.safetensors",
                    "--index-root", root / "data")
    check_answers(server, options.keepfit, model, photographs[0])
    check_refusals(server, image)
    folder = options.screenshots or root
    folder.mkdir(parents=True, exist_ok=True)
    chromium = devtools.find_chromium()
    if chromium:
        check_page(server, photographs[0], folder, chromium)
    else:
        print("page: left out, there is no Chromium")
    # Memory settles within the first part; the rest must not add to it.
    part = max(1, options.requests // 10)
    check_clients(server, image, options.clients, 2 * part)
    before = server.memory()
    check_clients(server, image, options.clients, options.requests - 2 * part)
    growth = server.memory() - before
    print(f"memory: {before:.0f} MiB after {2 * part} requests, {growth:+.1f} MiB after {options.requests - 2 * part} more")
    expect(growth < 16, f"memory grows by {growth:.1f} MiB")
    code, text = server.stop()
    expect(code == 143 and "stopped by SIGTERM" in text, f"SIGTERM: {code} {text}")
    check_slow_clients(options.keepfit, model, image)
    check_overload(options.keepfit, model, image)
    check_speed(options.keepfit, options.model or model, photographs)
    print("FAILED" if failures else "all right")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
