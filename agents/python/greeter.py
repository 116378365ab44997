"""An agent in Python: `HOPLINE_KEY=… python3 agents/python/greeter.py` registers it and serves it."""
import os

from hopline_agent import Agent, serve

agent = Agent("greeter-py", description="Says hello.")


@agent.skill("greet", input_schema={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
def greet(input, hop):
    return "Hello " + hop.call("echo", input["name"])


if __name__ == "__main__":
    serve(agent, port=int(os.environ.get("PORT", "9002")), register_key=os.environ.get("HOPLINE_KEY"))
