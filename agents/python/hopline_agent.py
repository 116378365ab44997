"""Hopline agents in Python: one file, the standard library only (3.9 or newer). The protocol is docs/protocol.md.

    agent = Agent("greeter", version="1.0.0")

    @agent.skill("greet", input_schema={"type": "object"})
    def greet(input, hop):
        return "Hello " + hop.call("echo", input["name"])

    serve(agent, port=9002)

Whose calls run: the standard library has no Ed25519, so this file can't verify a hop token's signature by itself. It
asks the mesh instead, once a call, whether the mesh has signed the token (`verify=True`, the default), and checks by
itself that the token is for this agent and this mesh, has not expired, and names the chain and hop of the headers.
With `verify=False` anybody who reaches the port can make up a token: then listen on loopback only, or behind mutual
TLS. Inputs are checked by the mesh against the registered `input_schema`, not here.
"""

import base64
import http.client
import inspect
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Agent", "Hop", "HopRejected", "Server", "register", "serve"]

BODY_BYTES = 4 * 2**20
#: Seconds between two looks at whether the mesh has closed a call's connection.
WATCH_SECONDS = 0.1
#: Seconds that a verification by the mesh may take.
VERIFY_SECONDS = 5
_TITLES = {
    400: "The request is not well formed",
    401: "The hop token is not valid",
    404: "No such skill",
    405: "The resource has no such method",
    411: "The body's length must be declared",
    413: "The body is too large",
    500: "The agent has failed",
    503: "The agent takes no calls now",
}


# No redirect is followed: it would carry the token along. No proxy of the environment is used: it would see it.
class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


_http = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


class HopRejected(Exception):
    """A call that the mesh refused, or whose callee failed. `problem` is the RFC 9457 body, evidence included."""

    def __init__(self, problem):
        super().__init__(problem.get("detail") or problem.get("title") or problem.get("code"))
        self.problem = problem
        self.code = problem.get("code")
        self.status = problem.get("status")
        self.detail = problem.get("detail")
        self.hop_id = problem.get("hopId")
        self.retryable = problem.get("retryable", False)


class Agent:
    """What an agent is and does. `settings` go into its registration: timeoutMs, idempotent, estimate, cycle, …"""

    def __init__(self, name, version="1.0.0", description="", **settings):
        self.name, self.version, self.description, self.settings = name, version, description, settings
        self.skills, self.handlers = [], {}

    def skill(self, id, input_schema=None, output_schema=None, description="", tags=(), examples=()):
        """Registers a handler `(input, hop) -> output`. A generator's pieces are emitted; what it returns is the output."""

        def add(handler):
            self.handlers[id] = handler
            self.skills.append({
                "id": id,
                "description": description or (inspect.getdoc(handler) or ""),
                "tags": list(tags),
                "inputSchema": {} if input_schema is None else input_schema,
                "outputSchema": {} if output_schema is None else output_schema,
                "examples": list(examples),
            })
            return handler

        return add

    def card(self):
        return {"name": self.name, "version": self.version, "description": self.description, "skills": self.skills}


class Hop:
    """A handler's whole authority. `cancelled` is set when the mesh closes the call or the deadline has passed."""

    def __init__(self, agent, skill, claims, token, depth, deadline_ms, mesh, key, send_chunk):
        self.agent, self.skill, self.depth, self.deadline_ms = agent, skill, depth, deadline_ms
        self.chain_id, self.hop_id = claims["txn"], claims["jti"]
        self.cancelled = threading.Event()
        self.usage = {"tokens": 0, "costMicros": 0}
        self._token, self._mesh, self._key, self._send_chunk = token, mesh, key, send_chunk
        self._emitted_bytes, self._lock = 0, threading.Lock()

    def call(self, agent, input, **options):
        """The output of another agent. Options: see `invoke`. Raises HopRejected."""
        return self.invoke(agent, input, **options)["output"]

    def invoke(self, agent, input, **options):
        """{"chainId", "hopId", "output", "usage"} of a call. Options: skill, allowance, policy, metadata (as the API
        has them), idempotency_key, on_chunk (gets the pieces that the callee emits). Raises HopRejected."""
        return self._post("/v1/agents/%s/invoke" % urllib.parse.quote(agent, safe=""), input, options)

    def tool(self, name, args=None, **options):
        """The result of a tool by its name, such as `<server>__<tool>`. Raises HopRejected."""
        path = "/v1/tools/%s/invoke" % urllib.parse.quote(name, safe="")
        return self._post(path, {} if args is None else args, options)["output"]

    def emit(self, chunk):
        """Gives the caller a piece of the answer, any JSON, before the answer; all of them at most 4 MiB."""
        text = _dumps(chunk)
        with self._lock:
            self._emitted_bytes += len(text)
            if self._emitted_bytes > BODY_BYTES:
                detail = "Agent '%s' emitted more than %d bytes in one call." % (self.agent, BODY_BYTES)
                raise HopRejected(_problem(413, "payload_too_large", detail))
            if not self.cancelled.is_set():
                self._send_chunk(text)

    def report(self, tokens=0, cost_micros=0):
        """Adds to what this hop has used: whole numbers from 0."""
        if not all(isinstance(amount, int) and amount >= 0 for amount in (tokens, cost_micros)):
            raise ValueError("A reported usage is made of whole numbers from 0: tokens, cost_micros.")
        self.usage["tokens"] += tokens
        self.usage["costMicros"] += cost_micros

    @property
    def remaining_ms(self):
        """Milliseconds until the deadline."""
        return max(0, self.deadline_ms - int(time.time() * 1000))

    def remaining(self):
        """What is left to this hop, asked of the mesh: {"hops", "bytes", "tokens", "costMicros", "concurrency", "wallMs",
        "depth"}; depth is levels below it. Raises HopRejected."""
        request = urllib.request.Request(self._mesh + "/v1/hop", headers=_credentials(self._token, self._key))
        return self._send(request, None)["remaining"]

    def log(self, message, **data):
        place = {"chainId": self.chain_id, "hopId": self.hop_id, "agent": self.agent, "skill": self.skill}
        print(json.dumps({"message": message, **place, **data}), flush=True)

    def _post(self, path, input, options):
        on_chunk = options.pop("on_chunk", None)
        idempotency_key = options.pop("idempotency_key", None)
        headers = {**_credentials(self._token, self._key), "Content-Type": "application/json"}
        headers["Accept"] = "text/event-stream" if on_chunk else "application/json"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        request = urllib.request.Request(self._mesh + path, _dumps({"input": input, **options}), headers, method="POST")
        return self._send(request, on_chunk)

    def _send(self, request, on_chunk):
        try:
            # When this hop is cancelled, the mesh answers its open calls with chain_cancelled: nothing waits for long.
            with _http.open(request, timeout=self.remaining_ms / 1000 + 1) as response:
                if response.headers.get_content_type() == "text/event-stream":
                    return _read_events(response, on_chunk)
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise HopRejected(_problem_of(error)) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            detail = "The mesh at %s can't be reached: %s" % (self._mesh, error)
            raise HopRejected(_problem(500, "internal", detail)) from error


def _credentials(token, key):
    """A hop token is the bearer, unless the agent was registered with requireKey and sends its own key."""
    return {"Authorization": "Bearer " + token} if key is None else {
        "Authorization": "Bearer " + key, "Hopline-Token": token}


def _read_events(response, on_chunk):
    event, data = "message", []
    for raw in response:
        line = raw.decode("utf-8").rstrip("\r\n")
        if line == "":
            if data:
                value = json.loads("\n".join(data))
                if event == "result":
                    return value
                if event == "problem":
                    raise HopRejected(value)
                if event == "chunk" and on_chunk:
                    on_chunk(value)
            event, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "event":
            event = value
        elif field == "data":
            data.append(value)
    raise HopRejected(_problem(500, "internal", "The mesh ended its stream without a result."))


def _dumps(value):
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _problem(status, code, detail):
    title = _TITLES.get(status, "")
    return {"type": "urn:hopline:problem:" + code, "title": title, "status": status, "code": code, "detail": detail}


def _problem_of(error):
    try:
        body = json.loads(error.read())
    except (OSError, ValueError):
        body = None
    if isinstance(body, dict) and "code" in body:
        return body
    return _problem(error.code, "internal", "The mesh answered with status %d and no problem." % error.code)


class _Refused(Exception):
    def __init__(self, status, code, detail):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


# Part of the trust boundary: together with verify_at_mesh it decides what runs.
def check_claims(token, agent, mesh_name, headers, now):
    """The claims of a token for this agent, not expired, that agree with the headers. Its signature is not checked."""
    try:
        head, body, _ = token.split(".")
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, body))
        kind = (header["alg"], header["typ"], claims["aud"])
        subject, expires, place = claims["sub"], claims["exp"], (claims["txn"], claims["jti"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _Refused(401, "token_invalid", "The hop token is not valid: it is not one that a mesh makes.") from None
    why = None
    if kind != ("EdDSA", "hop+jwt", mesh_name):
        why = "it is not a hop token of the mesh '%s'" % mesh_name
    elif subject != agent:
        why = "it is not for '%s'" % agent
    elif not isinstance(expires, int) or expires <= now:
        why = "it has expired"
    elif place != (headers.get("Hopline-Chain"), headers.get("Hopline-Hop")):
        why = "it is not for the chain and the hop that the headers name"
    if why:
        raise _Refused(401, "token_invalid", "The hop token is not valid: %s." % why)
    return claims


def verify_at_mesh(token, mesh, key):
    """Whether the mesh has signed a token: it reads any request's token first, and answers 401 to one it did not make."""
    request = urllib.request.Request(mesh + "/v1/agents?limit=1", headers=_credentials(token, key))
    try:
        _http.open(request, timeout=VERIFY_SECONDS).close()
    except urllib.error.HTTPError as error:
        with error:
            code = _problem_of(error).get("code")
        # The hop token itself may read nothing: the refusal of that is the mesh's word that it knows the token.
        if code == "insufficient_scope":
            return
        if code == "token_invalid":
            raise _Refused(401, "token_invalid", "The hop token is not valid: the mesh says so.") from None
        raise _Refused(503, "agent_unavailable", "The mesh did not verify the hop token: %s." % code) from None
    except (OSError, http.client.HTTPException):
        detail = "The mesh at %s can't be reached, so the hop token can't be verified." % mesh
        raise _Refused(503, "agent_unavailable", detail) from None


class Server:
    """A served agent. `stop()` answers new calls by 503, waits for those that run, `grace_seconds` at most, and closes."""

    def __init__(self, agent, port=9002, host="127.0.0.1", mesh=None, mesh_name="default", key=None, verify=True,
                 grace_seconds=10):
        self.agent, self.key, self.verify, self.mesh_name = agent, key, verify, mesh_name
        self.mesh = (mesh or os.environ.get("HOPLINE_URL") or "http://127.0.0.1:8787").rstrip("/")
        self.grace_seconds, self.stopping = grace_seconds, False
        self._running, self._idle = set(), threading.Condition()
        self._http = _Listener((host, port), _handler_of(self))
        self.port = self._http.server_address[1]
        self.url = "http://%s:%d/" % (host, self.port)

    def start(self):
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        with self._idle:
            self.stopping = True
            # It listens on while calls run: whoever connects meanwhile is told that it takes no more.
            self._idle.wait_for(lambda: not self._running, self.grace_seconds)
            for hop in self._running:
                hop.cancelled.set()
        self._http.shutdown()
        self._http.server_close()

    def enter(self, hop):
        """Counts a call that runs; not one that comes after the stop."""
        with self._idle:
            if self.stopping:
                raise _Refused(503, "agent_unavailable", "The agent is being stopped.")
            self._running.add(hop)

    def leave(self, hop):
        with self._idle:
            self._running.discard(hop)
            self._idle.notify_all()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # Server.stop waits for the calls by itself: connections that the mesh keeps open are not waited for.
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def _whole(text):
    """A header's whole number, if it is one."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 15 else None


def _is_readable(connection):
    if not hasattr(select, "poll"):
        return bool(select.select([connection], [], [], 0)[0])
    # Unlike select, poll takes descriptors above 1023.
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return bool(poller.poll(0))


def _handler_of(server):
    class Handler(_Handler):
        mesh_agent = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Seconds that an idle connection is kept: the mesh keeps connections.
    timeout = 120
    disable_nagle_algorithm = True
    mesh_agent = None

    def log_message(self, format, *args):
        pass

    def do_GET(self):
        if self.mesh_agent.stopping:  # Whoever checks its health is told that it takes no calls.
            return self._problem(503, "agent_unavailable", "The agent is being stopped.")
        self._send(200, "application/json", _dumps(self.mesh_agent.agent.card()))

    def do_POST(self):
        self.streaming = False
        try:
            body = self._body()
            hop, handler, input = self._call(body)
            self.mesh_agent.enter(hop)
        except _Refused as refused:
            return self._problem(refused.status, refused.code, refused.detail)
        done = threading.Event()
        threading.Thread(target=self._watch, args=(hop, done), daemon=True).start()
        try:
            self._run(hop, handler, input)
        finally:
            done.set()
            self.mesh_agent.leave(hop)

    def _body(self):
        length = _whole(self.headers.get("Content-Length"))
        if length is None:
            self.close_connection = True
            raise _Refused(411, "invalid_request", "The body's length must be declared in Content-Length.")
        if length > BODY_BYTES:
            self.close_connection = True
            raise _Refused(413, "payload_too_large", "The body is larger than %d bytes." % BODY_BYTES)
        return self.rfile.read(length)

    def _call(self, text):
        server, token = self.mesh_agent, self.headers.get("Hopline-Token")
        if not token:
            raise _Refused(401, "token_invalid", "There is no hop token: calls come from the mesh, in Hopline-Token.")
        claims = check_claims(token, server.agent.name, server.mesh_name, self.headers, time.time())
        if server.verify:
            verify_at_mesh(token, server.mesh, server.key)
        try:
            body = json.loads(text)
            input = body["input"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _Refused(400, "invalid_request", 'The body must be {"input": …, "skill"?: "…"}.') from None
        handlers = server.agent.handlers
        skill = body.get("skill", server.agent.name)
        # A registration without skills has one, named as its agent: the first here.
        if skill not in handlers and skill == server.agent.name and handlers:
            skill = next(iter(handlers))
        if skill not in handlers:
            detail = "Agent '%s' has no skill '%s'. It has: %s." % (server.agent.name, skill, ", ".join(handlers))
            raise _Refused(404, "not_found", detail)
        expires_ms = claims["exp"] * 1000
        deadline_ms = _whole(self.headers.get("Hopline-Deadline"))
        # The header is finer than the token's whole seconds, and can only shorten what was signed.
        deadline_ms = expires_ms if deadline_ms is None else min(expires_ms, deadline_ms)
        depth = _whole(self.headers.get("Hopline-Depth")) or 1
        hop = Hop(server.agent.name, skill, claims, token, depth, deadline_ms, server.mesh, server.key, self._chunk)
        return hop, handlers[skill], input

    def _run(self, hop, handler, input):
        try:
            output = handler(input, hop)
            if inspect.isgenerator(output):
                output = self._drain(hop, output)
            answer = _dumps({"output": output, "usage": hop.usage})
        except Exception as error:  # Whatever a handler fails with is its answer.
            if not hop.cancelled.is_set() and not isinstance(error, HopRejected):
                self.log_failure(hop, error)
            return self._problem(500, "upstream_error", str(error) or type(error).__name__)
        if self.streaming:
            self._event("result", answer)
        else:
            self._send(200, "application/json", answer)

    @staticmethod
    def log_failure(hop, error):
        print(json.dumps({"message": "a handler has failed", "chainId": hop.chain_id, "hopId": hop.hop_id,
                          "error": repr(error)}), file=sys.stderr, flush=True)

    @staticmethod
    def _drain(hop, pieces):
        try:
            while not hop.cancelled.is_set():
                hop.emit(next(pieces))
        except StopIteration as stop:
            return stop.value
        pieces.close()
        raise RuntimeError("The call was cancelled.")

    def _watch(self, hop, done):
        """Sets `cancelled` when the mesh closes the connection, or the deadline has passed."""
        while not done.wait(WATCH_SECONDS):
            if hop.remaining_ms == 0 or self._is_closed():
                return hop.cancelled.set()

    def _is_closed(self):
        try:
            return _is_readable(self.connection) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    def _chunk(self, text):
        if not self.streaming:
            self.streaming = True
            # The stream ends with its connection.
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Connection", "close")
            self.end_headers()
        self._event("chunk", text)

    def _event(self, event, text):
        self._write(b"event: " + event.encode() + b"\ndata: " + text + b"\n\n")

    def _problem(self, status, code, detail):
        body = _dumps(_problem(status, code, detail))
        if getattr(self, "streaming", False):
            return self._event("problem", body)
        self._send(status, "application/problem+json", body)

    def _send(self, status, type, body):
        try:
            self.send_response(status)
            self.send_header("Content-Type", type)
            self.send_header("Content-Length", str(len(body)))
            if status == 503:
                self.send_header("Retry-After", "1")
            if self.close_connection or self.mesh_agent.stopping:
                self.close_connection = True
                self.send_header("Connection", "close")
            self.end_headers()
        except OSError:
            self.close_connection = True
        self._write(body)

    def _write(self, data):
        """Whoever asked may have left: there is nobody to tell then."""
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            self.close_connection = True


def register(agent, url, key, mesh=None, require_key=False):
    """Replaces the agent's registration, or makes it, with a key of scope `register`. Raises HopRejected."""
    mesh = (mesh or os.environ.get("HOPLINE_URL") or "http://127.0.0.1:8787").rstrip("/")
    body = {**agent.card(), **agent.settings, "endpoint": {"kind": "http", "url": url}, "requireKey": require_key}
    headers = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}
    for method, path in (("PUT", "/v1/agents/" + agent.name), ("POST", "/v1/agents")):
        request = urllib.request.Request(mesh + path, _dumps(body), headers, method=method)
        try:
            with _http.open(request, timeout=30) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            problem = _problem_of(error)
            if method == "POST" or error.code != 404:
                raise HopRejected(problem) from None


def serve(agent, port=9002, register_key=None, url=None, **options):
    """Serves until SIGTERM or SIGINT; registers first, if given a key of scope `register`. Options: those of Server."""
    server = Server(agent, port=port, **options).start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if register_key:
        register(agent, url or server.url, register_key, server.mesh, require_key=server.key is not None)
    print("%s listens on %s" % (agent.name, server.url), flush=True)
    ended.wait()
    server.stop()
