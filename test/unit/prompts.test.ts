import { expect, test } from 'vitest';
import { messagesOf } from '../../src/engine/teacher/prompts.ts';
import { ask } from '../../src/shared/recipeCollect.ts';

const asked = (fields: object) => ask.parse(fields);

test('a question alone is sent as it is', () => {
  expect(messagesOf({ prompt: 'Was ist {prompt}? $& $1' }, asked({}))).toEqual([{ role: 'user', content: 'Was ist {prompt}? $& $1' }]);
});

test('template, system prompt, solved examples and the wish for a language are put around it', () => {
  expect(messagesOf({ prompt: '3 + 4' }, asked({ system: 'Be brief.', prompt: 'Compute {prompt}. Box {prompt}.', language: 'zh', shots: [{ prompt: '1 + 1', answer: '2' }] }))).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Compute 1 + 1. Box 1 + 1.\n\n请使用中文思考并作答。' }, { role: 'assistant', content: '2' },
    { role: 'user', content: 'Compute 3 + 4. Box 3 + 4.\n\n请使用中文思考并作答。' },
  ]);
});

test('a row’s own conversation is kept: the template takes its last question, its system prompt goes first', () => {
  const messages = [{ role: 'system', content: 'You are kind.' }, { role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hello!' }, { role: 'user', content: '5 − 2?' }];
  expect(messagesOf({ prompt: '5 − 2?', messages }, asked({ system: 'Be brief.', prompt: 'Q: {prompt}' }))).toEqual([
    { role: 'system', content: 'You are kind.\n\nBe brief.' }, { role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hello!' }, { role: 'user', content: 'Q: 5 − 2?' },
  ]);
});
