"""The same skills as typed.ts, in Python."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../../agents/python"))

from hopline_agent import Agent, HopRejected, serve  # noqa: E402

agent = Agent("pythonic", description="Python, in a process of its own.", timeoutMs=30_000)
NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@agent.skill("greet", input_schema=NAME, output_schema={"type": "string"})
def greet(input, hop):
    hop.report(tokens=4, cost_micros=5)
    return "pythonic: " + hop.call("echo", input["name"])


@agent.skill("wait")
def wait(_, hop):
    hop.log("waiting")
    hop.cancelled.wait()
    hop.log("aborted")


@agent.skill("pieces")
def pieces(input, hop):
    yield {"piece": 1}
    time.sleep(0.3)
    hop.emit("two\n\nlines")
    if input == "fail":
        raise RuntimeError("no third piece")
    return "whole"


@agent.skill("listen")
def listen(_, hop):
    heard = []
    output = hop.call("typed", None, skill="pieces", on_chunk=heard.append)
    return {"heard": heard, "output": output}


@agent.skill("nap")
def nap(_, hop):
    hop.log("napping")
    time.sleep(1.5)
    return "rested"


@agent.skill("refused")
def refused(_, hop):
    try:
        return hop.call("pythonic", None, skill="nap")
    except HopRejected as error:
        return error.problem


@agent.skill("tool")
def tool(input, hop):
    return hop.tool("echo", {"input": input})


@agent.skill("left")
def left(input, hop):
    left = hop.remaining()
    del left["wallMs"]
    below = [hop.call("typed", None, skill="left", allowance={"hops": 3})] if input == "typed" else []
    return [{"depth": hop.depth, "left": left}, *below]


@agent.skill("once")
def once(_, hop):
    first = hop.invoke("echo", 1, idempotency_key="once")
    return first["hopId"] == hop.invoke("echo", 1, idempotency_key="once")["hopId"]


serve(agent, port=0, register_key=os.environ["HOPLINE_KEY"], key=os.environ.get("AGENT_KEY"))
