import * as vscode from 'vscode';
import { displayLanguage } from '../language.ts';
import { editorSchema } from './editorSchema.ts';

/** The scheme that the manifest's jsonValidation points to; asking for it wakes the extension (onFileSystem). */
const SCHEMA_SCHEME = 'distill-schema';
/** As the manifest's jsonValidation writes it. */
export const RECIPE_SCHEMA = `${SCHEMA_SCHEME}://distill/recipe.schema.json`;

/** Gives VS Code's JSON support the recipe's schema in the display language. */
export function registerSchemaDocument(extension: vscode.Uri): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEMA_SCHEME, {
    async provideTextDocumentContent(): Promise<string> {
      const name = displayLanguage() === 'zh-cn' ? 'recipe.schema.zh-cn.json' : 'recipe.schema.json';
      const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extension, 'media', 'schemas', name));
      return JSON.stringify(editorSchema(JSON.parse(new TextDecoder().decode(bytes))));
    },
  });
}
