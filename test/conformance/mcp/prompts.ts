/** The fixture's prompts. */
import type { Answers } from "./asking.ts";
import { PNG } from "./images.ts";

const description = "A prompt of the fixture.";
const argument = (name: string) => ({ name, description: `The argument ${name}.`, required: true });

export const PROMPTS = [
  { name: "test_simple_prompt", description },
  { name: "test_prompt_with_arguments", description, arguments: [argument("arg1"), argument("arg2")] },
  { name: "test_prompt_with_embedded_resource", description, arguments: [argument("resourceUri")] },
  { name: "test_prompt_with_image", description },
  { name: "test_input_required_result_prompt", description },
];

const said = (text: string) => ({ role: "user", content: { type: "text", text } });

/** @throws {Error} where there is no such prompt */
export function getPrompt(
  name: string,
  args: Readonly<Record<string, string>>,
  { inputResponses }: Omit<Answers, "capabilities">,
): unknown {
  switch (name) {
    case "test_simple_prompt":
      return { messages: [said("This is a simple prompt for testing.")] };
    case "test_prompt_with_arguments":
      return { messages: [said(`Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'`)] };
    case "test_prompt_with_embedded_resource": {
      const text = "Embedded resource content for testing.";
      const resource = { uri: args.resourceUri, mimeType: "text/plain", text };
      const embedded = { role: "user", content: { type: "resource", resource } };
      return { messages: [embedded, said("Please process the embedded resource above.")] };
    }
    case "test_prompt_with_image": {
      const image = { role: "user", content: { type: "image", data: PNG, mimeType: "image/png" } };
      return { messages: [image, said("Please analyze the image above.")] };
    }
    case "test_input_required_result_prompt": {
      if (inputResponses !== undefined) return { messages: [said(JSON.stringify(inputResponses))] };
      const requestedSchema = { type: "object", properties: { context: { type: "string" } }, required: ["context"] };
      const params = { mode: "form", message: "What context should the prompt use?", requestedSchema };
      return {
        resultType: "input_required",
        inputRequests: { user_context: { method: "elicitation/create", params } },
      };
    }
    default:
      throw new Error(`There is no prompt '${name}'.`);
  }
}
