// What can be used on which machine: decisions without side effects, so that each platform's can be tested on any.

/** VS Code in the browser is put together from packages that exist for Linux x64 only. */
export const servesVscode = ({ platform, arch }) => platform === 'linux' && arch === 'x64';

/**
 * Whether the `code` command at `file` (symbolic links followed) opens a VS Code on this desktop that can load our folder.
 * One that only talks to a remote window can't, nor can the Windows VS Code that WSL has on its PATH: it doesn't see our paths.
 */
export function opensDesktop({ platform, env, file }) {
  if (env.VSCODE_IPC_HOOK_CLI) return false;
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return false;
  const wsl = platform === 'linux' && Boolean(env.WSL_DISTRO_NAME || env.WSL_INTEROP);
  if (wsl && (/^\/mnt\//.test(file) || file.includes('/Microsoft VS Code'))) return false;
  return !/remote-cli|vscode-server|code-server/.test(file);
}

/**
 * How a program is to be spawned. On Windows npm, npx and code are .cmd files, which only cmd.exe can run, and Node hands
 * cmd.exe the words as they are: each is quoted here.
 */
export function spawnable(platform, command, args) {
  if (platform !== 'win32' || /\.(exe|com)$/i.test(command)) return { command, args: [...args], shell: false };
  return { command: /[\s&()^]/.test(command) ? quoted(command) : command, args: args.map(quoted), shell: true };
}

/** In quotes nothing but % and " means anything to cmd.exe; a backslash before the closing quote would escape it for the program. */
const quoted = (word) => `"${word.replaceAll('"', '\\"').replace(/\\+$/, '$&$&')}"`;
