import { InvalidArgumentError } from 'commander';
import type { ReadSource } from '../../../engine/data/formats/read.ts';
import { fields } from '../../../shared/recipeParts.ts';

/** What the value of `--fields` says. Throws commander's InvalidArgumentError. */
export function fieldsOption(value: string): NonNullable<ReadSource['fields']> {
  try {
    return fields.parse(JSON.parse(value));
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
