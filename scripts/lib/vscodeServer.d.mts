export interface RunningServer { readonly port: number; readonly url: string; readonly pid: number; stop(): Promise<void> }
export interface ServerOptions {
  readonly home: string; readonly port?: number; readonly token?: string | null; readonly trust?: boolean;
  readonly smokeTestDriver?: boolean; readonly env?: Record<string, string>; readonly keepHome?: boolean;
}
export function freePort(wanted?: number): Promise<number>;
export function installVsix(vsix: string, home: string): Promise<void>;
export function startServer(options: ServerOptions): Promise<RunningServer>;
