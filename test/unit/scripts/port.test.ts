import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../../../scripts/lib/vscodeServer.mjs';

test('a port that another program has is named, with the way out', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()));
  const { port } = other.address() as AddressInfo;
  await expect(freePort(port)).rejects.toThrow(`Port ${String(port)} is taken by another program. Choose another with --port`);
  await new Promise((resolve) => other.close(resolve));
  expect(await freePort(port)).toBe(port);
});
