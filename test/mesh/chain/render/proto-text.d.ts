/** A file as text, as the test runner imports it. */
declare module "*.proto?raw" {
  const text: string;
  export default text;
}
