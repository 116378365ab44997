/** A style sheet is imported for the bundle's sake alone. */
declare module "*.css";
