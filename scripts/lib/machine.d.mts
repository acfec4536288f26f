export function servesVscode(machine: { readonly platform: NodeJS.Platform; readonly arch: string }): boolean;
export function opensDesktop(found: { readonly platform: NodeJS.Platform; readonly env: Readonly<Record<string, string | undefined>>; readonly file: string }): boolean;
export function spawnable(platform: NodeJS.Platform, command: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[]; readonly shell: boolean };
