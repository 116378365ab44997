/**
 * What the desk does with claims that the critic sends back: whatever shortening has harmed is said as the source says
 * it, under the quote that has it; what no quote has is withdrawn.
 */
import type { CitedQuote, ReviseInput, ReviseOutput } from "../critic/schema.ts";
import { plainText } from "../language/plain.ts";

export function revise({ claims, quotes }: ReviseInput): ReviseOutput {
  return {
    claims: claims.flatMap(({ id, text, sentence = text }) => {
      const whole = plainText(sentence);
      const quote = quotes.find((one) => hasSentence(one, whole));
      // What stands in a quote as it is, and was refused all the same, the desk cannot say better.
      return quote === undefined ? [] : [{ id, text: whole, cites: [quote.n], sentence }];
    }),
  };
}

function hasSentence({ text }: CitedQuote, whole: string): boolean {
  return whole !== "" && plainText(text).includes(whole);
}
