/** What scripts/console.ts makes as assets.js: the console's script and style sheet, named by their content. */
export interface Asset {
  readonly name: string;
  readonly body: string;
}

export const script: Asset;
export const style: Asset;
