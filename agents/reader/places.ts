/** A text that is taken out of its source word by word, and remembers where each word stood. */
import type { Places } from "./block.ts";

/** A stretch of the text: as it stands in the source from `from` on, or what one entity of the source stands for. */
interface Run {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly isEntity: boolean;
}

const WORDS = /[^ \t\n\f\r]+/g;

export class PlacedText implements Places {
  text = "";
  private readonly runs: Run[] = [];
  /** White space that is due before the next word, and never stands at the text's start or end. */
  private gap = "";

  /** A line's end outweighs a space. */
  separate(gap: " " | "\n"): void {
    if (this.gap !== "\n") this.gap = gap;
  }

  /** Adds text that stands in the source from `from` on. White space becomes one space, unless it is to be kept. */
  add(text: string, from: number, keepsSpace: boolean): void {
    if (keepsSpace) {
      this.append(text, from, from + text.length, false);
      return;
    }
    let read = 0;
    for (const { index, 0: word } of text.matchAll(WORDS)) {
      if (index > read) this.separate(" ");
      read = index + word.length;
      this.append(word, from + index, from + read, false);
    }
    if (read < text.length) this.separate(" ");
  }

  /** Adds what the entity at `from`…`to` stands for. */
  addEntity(text: string, from: number, to: number, keepsSpace: boolean): void {
    if (!keepsSpace && /^[ \t\n\f\r]$/.test(text)) this.separate(" ");
    else this.append(text, from, to, true);
  }

  /** Of a character's first half: an entity stands for one character. */
  startOf(index: number): number {
    const run = this.runAt(index);
    return run.from + index - run.at;
  }

  endOf(index: number): number {
    const run = this.runAt(index - 1);
    return run.isEntity ? run.to : run.from + index - run.at;
  }

  private append(text: string, from: number, to: number, isEntity: boolean): void {
    if (this.text !== "") this.text += this.gap;
    this.gap = "";
    this.runs.push({ at: this.text.length, from, to, isEntity });
    this.text += text;
  }

  /** The last run that begins at the index or before it. */
  private runAt(index: number): Run {
    let low = 0;
    let high = this.runs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.runs[middle]?.at ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    const run = this.runs[low];
    if (!run) throw new RangeError("An empty text has no places.");
    return run;
  }
}
