// Writes media/schemas/recipe.schema.json and its Chinese twin from the recipe's schema in src/shared/recipe.ts.
import { build } from 'esbuild';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { outputFiles } = await build({
  entryPoints: [path.join(root, 'src/shared/recipeJsonSchema.ts')], bundle: true, format: 'esm', platform: 'node', write: false,
});
const code = Buffer.from(outputFiles[0].contents).toString('base64');
const { recipeJsonSchema } = await import(`data:text/javascript;base64,${code}`);

const folder = path.join(root, 'media/schemas');
await mkdir(folder, { recursive: true });
for (const [language, name] of [['en', 'recipe.schema.json'], ['zh-cn', 'recipe.schema.zh-cn.json']]) {
  await writeFile(path.join(folder, name), `${JSON.stringify(recipeJsonSchema(language), null, 2)}\n`);
  process.stdout.write(`media/schemas/${name}\n`);
}
