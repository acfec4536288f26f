/** Chat templates of Hugging Face folders (Jinja), rendered as Transformers' apply_chat_template does. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Template } from '@huggingface/jinja';
import { DistillError } from '../../shared/messages.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

export class ChatTemplate {
  readonly #folder: string;
  readonly #template: Template;

  private constructor(folder: string, source: string) {
    this.#folder = folder;
    try {
      this.#template = new Template(source);
    } catch (error) {
      throw failed(folder, error);
    }
  }

  /** chat_template.jinja comes before tokenizer_config.json's; null: neither. Throws DistillError `chat-template-failed`. */
  static async read(folder: string, settings: Readonly<Record<string, unknown>>): Promise<ChatTemplate | null> {
    const file = path.join(folder, 'chat_template.jinja');
    try {
      return new ChatTemplate(folder, await withFileErrors(file, () => readFile(file, 'utf8')));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    const source = defaultTemplate(settings['chat_template']);
    return source === null ? null : new ChatTemplate(folder, source);
  }

  /** Throws DistillError `chat-template-failed`. */
  render(messages: readonly ChatMessage[], variables: Readonly<Record<string, unknown>>): string {
    try {
      return this.#template.render({ messages, ...variables });
    } catch (error) {
      throw failed(this.#folder, error);
    }
  }
}

/** One template, or several with names, of which "default" is the one for plain chat. */
function defaultTemplate(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const named = value.find((entry: unknown) => (entry as { name?: unknown } | null)?.name === 'default') as { template?: unknown } | undefined;
  return typeof named?.template === 'string' ? named.template : null;
}

function failed(folder: string, error: unknown): DistillError {
  return new DistillError('chat-template-failed', { folder, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
}
