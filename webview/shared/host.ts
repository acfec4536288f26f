/** The page's end of the wire: messages to the extension, view state that VS Code keeps while the page is hidden. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

export interface Host<Outgoing, Incoming, State> {
  post(message: Outgoing): void;
  listen(take: (message: Incoming) => void): void;
  /** What was kept, or undefined; of an unknown age, so it is checked by whoever reads it. */
  restore(): unknown;
  keep(state: State): void;
}

/** May be called once a page: VS Code hands its API out only once. */
export function connect<Outgoing, Incoming, State>(): Host<Outgoing, Incoming, State> {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    listen: (take) => window.addEventListener('message', (event: MessageEvent<Incoming>) => take(event.data)),
    restore: () => api.getState(),
    keep: (state) => api.setState(state),
  };
}

/** What the host wrote into the page's body: texts and language. */
export function bodyData<Text>(): { readonly text: Text; readonly language: string } {
  const { text, language } = document.body.dataset;
  return { text: JSON.parse(text ?? '{}') as Text, language: language ?? 'en' };
}
