/** Rows on disk by their number: what mixing and splitting keep in memory is where each row stands, never its text. */
import { randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { DataRecord } from '../../../shared/record.ts';
import { withFileErrors } from '../../../system/fileErrors.ts';
import { TEMPORARY_PREFIX } from '../../../system/wholeFile.ts';

/** Bytes kept before they are written. */
const BUFFERED = 1 << 20;

export class RecordStore {
  #offsets = new Float64Array(1 << 10);
  #parts: Buffer[] = [];
  #held = 0;
  #size = 0;
  count = 0;

  private constructor(private readonly file: string, private readonly handle: FileHandle) {}

  /** A hidden file in `folder`. Throws DistillError of withFileErrors, at any of its calls. */
  static async begin(folder: string): Promise<RecordStore> {
    const file = path.join(folder, `${TEMPORARY_PREFIX}${String(process.pid)}-${randomBytes(6).toString('hex')}-mix`);
    return new RecordStore(file, await withFileErrors(file, () => open(file, 'wx+')));
  }

  /** Answers the row's number: 0, 1, 2 … */
  async add(record: DataRecord): Promise<number> {
    if (this.count + 1 >= this.#offsets.length) {
      const longer = new Float64Array(this.#offsets.length * 2);
      longer.set(this.#offsets);
      this.#offsets = longer;
    }
    const bytes = Buffer.from(JSON.stringify(record), 'utf8');
    this.#parts.push(bytes);
    this.#held += bytes.length;
    this.#size += bytes.length;
    this.count += 1;
    this.#offsets[this.count] = this.#size;
    if (this.#held >= BUFFERED) await this.#flush();
    return this.count - 1;
  }

  async get(row: number): Promise<DataRecord> {
    await this.#flush();
    const [from, to] = [this.#offsets[row] ?? 0, this.#offsets[row + 1] ?? 0];
    const bytes = Buffer.allocUnsafe(to - from);
    await withFileErrors(this.file, async () => {
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await this.handle.read(bytes, at, bytes.length - at, from + at);
        if (bytesRead === 0) throw new Error(`${this.file} ends at ${String(from + at)}`);
        at += bytesRead;
      }
    });
    return JSON.parse(bytes.toString('utf8')) as DataRecord;
  }

  async remove(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.file, { force: true });
  }

  async #flush(): Promise<void> {
    if (this.#parts.length === 0) return;
    const whole = Buffer.concat(this.#parts);
    const from = this.#size - whole.length;
    [this.#parts, this.#held] = [[], 0];
    await withFileErrors(this.file, async () => {
      for (let at = 0; at < whole.length;) at += (await this.handle.write(whole, at, whole.length - at, from + at)).bytesWritten;
    });
  }
}
