/** Styles that a page imports; esbuild puts them beside its bundle. */
declare module '*.css';
