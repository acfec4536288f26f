import { describe, expect, test } from 'vitest';
import { opensDesktop, servesVscode, spawnable } from '../../../scripts/lib/machine.mjs';

const desktop = { DISPLAY: ':0' };

describe('the code command on PATH', () => {
  test.each([
    ['of a Linux desktop', 'linux', desktop, '/usr/share/code/bin/code'],
    ['of a Wayland desktop', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, '/usr/share/code/bin/code'],
    ['of macOS, which has no DISPLAY', 'darwin', {}, '/Applications/Visual Studio Code.app/Contents/Resources/app/bin/code'],
    ['of Windows', 'win32', {}, 'C:\\Program Files\\Microsoft VS Code\\bin\\code.cmd'],
    ['of Linux itself under WSL', 'linux', { ...desktop, WSL_DISTRO_NAME: 'Ubuntu' }, '/usr/share/code/bin/code'],
    ['on a mounted disk of a Linux desktop', 'linux', desktop, '/mnt/c/apps/code'],
  ] as const)('%s is used', (_, platform, env, file) => {
    expect(opensDesktop({ platform, env, file })).toBe(true);
  });

  test.each([
    ['without a screen', 'linux', {}, '/usr/share/code/bin/code'],
    ['in a remote window’s terminal', 'linux', { ...desktop, VSCODE_IPC_HOOK_CLI: '/run/user/1000/vscode-ipc.sock' }, '/usr/share/code/bin/code'],
    ['of a remote window', 'linux', desktop, '/home/me/.vscode-remote/bin/1/bin/remote-cli/code'],
    ['of VS Code’s server', 'linux', desktop, '/home/me/.vscode-server/bin/1/bin/code'],
    ['of code-server', 'linux', desktop, '/usr/lib/code-server/bin/code'],
    ['of Windows, seen from WSL', 'linux', { ...desktop, WSL_DISTRO_NAME: 'Ubuntu' }, '/mnt/c/Users/me/AppData/Local/Programs/Microsoft VS Code/bin/code'],
    ['of Windows, seen from a WSL that mounts disks elsewhere', 'linux', { ...desktop, WSL_INTEROP: '/run/WSL/1_interop' }, '/c/Program Files/Microsoft VS Code/bin/code'],
  ] as const)('%s is not', (_, platform, env, file) => {
    expect(opensDesktop({ platform, env, file })).toBe(false);
  });
});

describe('a program is spawned', () => {
  test('on Linux and macOS as it is', () => {
    for (const platform of ['linux', 'darwin'] as const) {
      expect(spawnable(platform, 'npm', ['ci', 'a b'])).toEqual({ command: 'npm', args: ['ci', 'a b'], shell: false });
    }
  });

  test('on Windows by cmd.exe when it is a .cmd or has no ending, with its words in quotes', () => {
    expect(spawnable('win32', 'C:\\Program Files\\Microsoft VS Code\\bin\\code.cmd', ['--new-window', 'C:\\my & your\\folder', 'D:\\'])).toEqual({
      command: '"C:\\Program Files\\Microsoft VS Code\\bin\\code.cmd"', args: ['"--new-window"', '"C:\\my & your\\folder"', '"D:\\\\"'], shell: true,
    });
    expect(spawnable('win32', 'npm', ['ci'])).toEqual({ command: 'npm', args: ['"ci"'], shell: true });
  });

  test('on Windows without a shell when it is an .exe: Node quotes those itself', () => {
    expect(spawnable('win32', 'C:\\Program Files\\nodejs\\node.exe', ['a b'])).toEqual({ command: 'C:\\Program Files\\nodejs\\node.exe', args: ['a b'], shell: false });
  });
});

test('the tests in a real VS Code have a VS Code on Linux x64 only', () => {
  expect(servesVscode({ platform: 'linux', arch: 'x64' })).toBe(true);
  for (const [platform, arch] of [['linux', 'arm64'], ['darwin', 'arm64'], ['darwin', 'x64'], ['win32', 'x64']] as const) expect(servesVscode({ platform, arch })).toBe(false);
});
