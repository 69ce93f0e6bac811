"""Who may talk: TLS with client certificates, and what plain TCP is good for."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest
from rig.clients import CLI, binary
from rig.namespaces import run, until

PORT = 2376


def make_ca(folder, name):
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"])


def make_leaf(folder, ca, name, extensions, dates=()):
    run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
         "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr"])
    (folder / f"{name}.ext").write_text(extensions)
    days = dates or ("-days", "2")
    run(["openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{ca}.pem", "-CAkey", folder / f"{ca}.key",
         "-CAcreateserial", "-out", folder / f"{name}.pem", "-extfile", folder / f"{name}.ext", *days])


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    make_ca(folder, "ca")
    make_ca(folder, "other-ca")
    make_leaf(folder, "ca", "server", "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n")
    client = "extendedKeyUsage=clientAuth\n"
    make_leaf(folder, "ca", "client", client)
    make_leaf(folder, "other-ca", "stranger", client)
    make_leaf(folder, "ca", "expired", client, ("-days", "-1"))
    return folder


@pytest.fixture
def tls(new_daemon, certificates):
    daemon = new_daemon("--tlsverify", "--tlscacert", certificates / "ca.pem", "--tlscert", certificates / "server.pem",
                        "--tlskey", certificates / "server.key")
    daemon.host_options = [daemon.url, f"tcp://127.0.0.1:{PORT}"]
    return daemon.start()


def curl(daemon, certificates, *words, client=None):
    """`curl` to the TLS port; its exit status and the body."""
    command = ["curl", "-sS", "-m", "10", "--cacert", certificates / "ca.pem"]
    if client:
        command += ["--cert", certificates / f"{client}.pem", "--key", certificates / f"{client}.key"]
    done = run(daemon.space.command(*command, *words), check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [[], ["--tls-max", "1.2"]], ids=["TLS 1.3", "TLS 1.2"])
def test_with_our_certificate(tls, certificates, options):
    url = f"https://127.0.0.1:{PORT}/_ping"
    assert curl(tls, certificates, url, *options, client="client") == (0, "OK")


@pytest.mark.parametrize("options", [[], ["--tls-max", "1.2"]], ids=["TLS 1.3", "TLS 1.2"])
@pytest.mark.parametrize(
    "client, said", [(None, "none was sent"), ("stranger", "issuer is unknown"), ("expired", "expired")],
    ids=["none", "another CA's", "expired"])
def test_without_it(tls, certificates, client, said, options):
    """Refused whatever is asked, with the reason, and nothing is done."""
    url = f"https://127.0.0.1:{PORT}"
    request = ["-d", '{"Name":"sneaked"}', "-H", "Content-Type: application/json", f"{url}/networks/create"]
    for words in ([f"{url}/_ping"], [f"{url}/networks"], [f"{url}/nope"], request):
        status, answer = curl(tls, certificates, *words, "-w", "%{http_code}", *options, client=client)
        body, code = answer[:-3], answer[-3:]
        assert (status, code) == (0, "403") and said in json.loads(body)["message"], (status, answer)
    assert tls.api.get("/networks/sneaked").status == 404


def test_plain_http_on_the_tls_port(tls):
    answer = tls.tcp_api(PORT).raw(b"GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n", timeout=3)
    assert b"200 OK" not in answer


@pytest.mark.parametrize("version", ["20.10", "28"])
def test_docker_cli(tls, certificates, tmp_path, version):
    docker = CLI(binary(version), f"tcp://127.0.0.1:{PORT}", str(tmp_path), tls.space)
    flags = ["--tlsverify", "--tlscacert", str(certificates / "ca.pem"), "--tlscert", str(certificates / "client.pem"),
             "--tlskey", str(certificates / "client.key")]
    assert docker(*flags, "network", "create", "secure")
    assert "secure" in docker(*flags, "network", "ls")
    stranger = [word.replace("client.", "stranger.") for word in flags]
    assert docker.fails(*stranger, "network", "ls")
    assert docker.fails("network", "ls"), "plain HTTP to a TLS port"
    docker(*flags, "network", "rm", "secure")


def test_a_missing_certificate_file_is_fatal(new_daemon, certificates):
    daemon = new_daemon("--tlsverify", "--tlscacert", certificates / "ca.pem", "--tlscert", certificates / "nope.pem",
                        "--tlskey", certificates / "server.key", ports=[PORT])
    assert daemon.launch().wait(15) != 0
    assert "nope.pem" in daemon.log_text()


def test_a_unix_socket_of_systemd_is_plain(new_daemon, certificates):
    """TLS is for TCP, whoever has opened the socket."""
    daemon = new_daemon("--tlsverify", "--tlscacert", certificates / "ca.pem", "--tlscert", certificates / "server.pem",
                        "--tlskey", certificates / "server.key")
    daemon.under = ["systemd-socket-activate", "-l", daemon.socket, "-l", f"127.0.0.1:{PORT}"]
    daemon.host_options = ["fd://"]
    daemon.start()
    assert curl(daemon, certificates, f"https://127.0.0.1:{PORT}/_ping", client="client") == (0, "OK")


# --- plain TCP


@pytest.mark.parametrize("host", ["tcp://0.0.0.0:2375", "tcp://192.0.2.1:2375", "tcp://[::]:2375"])
def test_plain_tcp_off_loopback_is_refused_at_start(new_daemon, host):
    daemon = new_daemon(outside=True)
    daemon.host_options = [daemon.url, host]
    assert daemon.launch().wait(15) == 1
    log = daemon.log_text()
    for said in (f"refusing to listen on {host} without TLS", "anyone who can reach", "--tlsverify", "127.0.0.1 or a unix socket"):
        assert said in log, f"the refusal says why and what would help:\n{log}"
    assert "inet fairlead" not in daemon.space.run("nft", "list", "tables"), "nothing was made before"


def test_plain_tcp_on_loopback_warns(daemon):
    assert daemon.tcp_api().get("/_ping").status == 200
    assert any("127.0.0.1:2375" in line and "warn" in line.lower() for line in daemon.log_text().splitlines()), daemon.log_tail()


HEADERS = {
    "origin": {"Origin": "http://evil.example"},
    "null origin": {"Origin": "null"},
    "other host": {"Host": "evil.example"},
    "other host with port": {"Host": "evil.example:2375"},
    "rebound address": {"Host": "192.0.2.1:2375"},
    "lookalike": {"Host": "localhost.evil.example"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_no_web_page_drives_it(daemon, headers):
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **headers}.items())
    body = '{"Name":"sneaked"}'
    request = (f"POST /networks/create HTTP/1.1\r\n{lines}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
               f"Connection: close\r\n\r\n{body}")
    assert daemon.tcp_api().raw(request.encode()).startswith(b"HTTP/1.1 403 ")
    assert daemon.api.get("/networks/sneaked").status == 404


@pytest.mark.parametrize("host", ["localhost", "localhost:2375", "127.0.0.1:2375", "[::1]:2375", "127.8.9.1"])
def test_loopback_names_are_welcome(daemon, host):
    answer = daemon.tcp_api().raw(f"GET /_ping HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def test_the_unix_socket_does_not_care(daemon):
    reply = daemon.api.get("/_ping", headers={"Host": "api.moby.localhost", "Origin": "http://x"})
    assert reply.status == 200


def test_curl_agrees(daemon):
    done = subprocess.run(
        daemon.space.command("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Origin: http://x",
                             "http://127.0.0.1:2375/_ping"), capture_output=True, text=True, timeout=20)
    assert done.stdout == "403"


# --- SIGHUP, --validate


def served(daemon):
    """The certificate that is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def shake_hands():
        with socket.create_connection(("127.0.0.1", PORT), timeout=10) as plain, context.wrap_socket(plain) as secure:
            return secure.getpeercert(binary_form=True)

    return ssl.DER_cert_to_PEM_cert(daemon.space.call(shake_hands)).strip()


def connected(daemon):
    return daemon.space.run("ss", "-Htn", "state", "established", f"( sport = :{PORT} )").strip()


def reload(daemon, said):
    before = daemon.log_text().count(said)
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: daemon.log_text().count(said) > before, 10, what=f"`{said}` in the log")


@pytest.fixture
def renewable(new_daemon, certificates, tmp_path):
    """A daemon whose three files can be changed."""
    for name in ("ca.pem", "server.pem", "server.key"):
        shutil.copy(certificates / name, tmp_path / name)
    daemon = new_daemon("--tlsverify", "--tlscacert", tmp_path / "ca.pem", "--tlscert", tmp_path / "server.pem",
                        "--tlskey", tmp_path / "server.key")
    daemon.host_options = [daemon.url, f"tcp://127.0.0.1:{PORT}"]
    daemon.files = tmp_path
    return daemon.start()


def test_certificates_are_renewed_on_sighup(renewable, certificates):
    """The next connection sees the new certificate and CA; one that is open goes on; nobody is refused."""
    daemon, url = renewable, f"https://127.0.0.1:{PORT}/_ping"
    before = served(daemon)
    slow = subprocess.Popen(
        daemon.space.command("curl", "-sS", "-N", "-m", "60", "--cacert", certificates / "ca.pem",
                             "--cert", certificates / "client.pem", "--key", certificates / "client.key",
                             f"https://127.0.0.1:{PORT}/events"), stdout=subprocess.PIPE, text=True)
    until(lambda: connected(daemon), 10, what="the stream")
    make_leaf(certificates, "ca", "renewed", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    shutil.copy(certificates / "renewed.pem", daemon.files / "server.pem")
    shutil.copy(certificates / "renewed.key", daemon.files / "server.key")
    shutil.copy(certificates / "other-ca.pem", daemon.files / "ca.pem")
    reload(daemon, "reloaded the configuration")
    after = served(daemon)
    assert after != before and after == (certificates / "renewed.pem").read_text().strip()
    assert curl(daemon, certificates, url, client="stranger") == (0, "OK")
    assert "issuer is unknown" in curl(daemon, certificates, url, client="client")[1]
    daemon.api.create_network("meanwhile")
    assert any("meanwhile" in line for line in slow.stdout), "the stream from before goes on"
    slow.kill()
    slow.wait(10)
    for _ in range(3):
        shutil.copy(certificates / "server.pem", daemon.files / "server.pem")
        shutil.copy(certificates / "server.key", daemon.files / "server.key")
        reload(daemon, "reloaded the configuration")
        shutil.copy(certificates / "renewed.pem", daemon.files / "server.pem")
        shutil.copy(certificates / "renewed.key", daemon.files / "server.key")
        reload(daemon, "reloaded the configuration")
    assert served(daemon) == after
    threads = len(os.listdir(f"/proc/{daemon.process.pid}/task"))
    reload(daemon, "reloaded the configuration")
    assert len(os.listdir(f"/proc/{daemon.process.pid}/task")) <= threads, "what nobody uses any more ends"


def test_certificates_that_do_not_do_change_nothing(renewable, certificates):
    daemon = renewable
    before = served(daemon)
    shutil.copy(certificates / "client.key", daemon.files / "server.key")
    reload(daemon, "the configuration is not reloaded")
    assert "server.key" in daemon.log_text()
    assert served(daemon) == before
    assert curl(daemon, certificates, f"https://127.0.0.1:{PORT}/_ping", client="client") == (0, "OK")


def test_validate_looks_at_certificates_and_addresses(daemon, certificates):
    def validate(*words):
        done = daemon.fairlead("serve", "--validate", *words, check=False)
        return done.returncode, done.stderr

    def files(key="server.key", ca="ca.pem"):
        return ["--tlsverify", "--tlscacert", certificates / ca, "--tlscert", certificates / "server.pem",
                "--tlskey", certificates / key]

    assert validate(*files(), "--host", "tcp://0.0.0.0:2376") == (0, "configuration OK\n")
    for words, said in [
        (files(key="client.key"), "client.key"), (files(key="nope.key"), "nope.key"), (files(ca="server.ext"), "the clients' CA"),
        (["--host", "tcp://0.0.0.0:2375"], "refusing to listen on tcp://0.0.0.0:2375 without TLS"),
        (["--host", "tcp://no..name:2375"], "cannot listen on tcp://no..name:2375"),
    ]:
        status, text = validate(*words)
        assert status == 1 and said in text, (words, status, text)
