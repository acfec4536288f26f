/** Which library `distill setup tensorflow` has put or named here: one small file in the user's data folder. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { DistillError } from '../../../shared/messages.ts';
import { dataFolder } from '../../../system/dataFolder.ts';
import { systemCode } from '../../../system/fileErrors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const registration = z.object({
  format: z.literal(1),
  folder: z.string(),
  /** The folder is ours (taken out of a wheel) and may be removed; otherwise a person named it. */
  own: z.boolean(),
});
export type Registration = z.output<typeof registration>;

/** Everything that is set up lies below. */
export function setupFolder(environment: Environment = process.env): string {
  return path.join(dataFolder(environment), 'tensorflow');
}

export function registrationFile(environment: Environment = process.env): string {
  return path.join(setupFolder(environment), 'used.json');
}

/** Null when nothing was set up. @throws DistillError `tensorflow-setup-unreadable` */
export async function readRegistration(environment: Environment = process.env): Promise<Registration | null> {
  const file = registrationFile(environment);
  try {
    return registration.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw new DistillError('tensorflow-setup-unreadable', { file, detail: error instanceof Error ? error.message.split('\n')[0]! : String(error) }, { cause: error });
  }
}
