import { describe, expect, test } from 'vitest';
import { keyFor, neededKey, placeOf, takeKeys } from '../../../src/engine/teacher/keys.ts';
import { apiTeacher, type ApiTeacher } from '../../../src/shared/recipeTeacher.ts';

const teacher = (fields: object): ApiTeacher => apiTeacher.parse({ type: 'api', model: 'm', ...fields });

describe('the key of a teacher', () => {
  const ring = { stored: { 'https://api.deepseek.com': 'stored' }, environment: { DEEPSEEK_API_KEY: 'variable', MINE: ' mine ', EMPTY: ' ' } };

  test.each([
    ['the editor’s for that origin goes first', { service: 'deepseek' }, 'stored'],
    ['whatever the path', { baseUrl: 'https://api.deepseek.com/beta' }, 'stored'],
    ['another port is another origin', { service: 'deepseek', baseUrl: 'https://api.deepseek.com:8443/v1' }, 'variable'],
    ['another host of the same name is another origin', { baseUrl: 'https://api.deepseek.com.evil.example/v1' }, null],
    ['the recipe’s variable', { baseUrl: 'https://x.example/v1', keyVariable: 'MINE' }, ' mine '],
    ['an empty variable is none', { baseUrl: 'https://x.example/v1', keyVariable: 'EMPTY' }, null],
    ['a service of one’s own wants none', { service: 'ollama' }, null],
  ])('%s', (_, fields, key) => {
    expect(keyFor(placeOf('big', teacher(fields)), ring)).toBe(key);
  });

  test('that is needed and missing is an error which names the origin and the variable', () => {
    expect(() => neededKey('big', teacher({ service: 'openai' }), ring)).toThrow(expect.objectContaining({ code: 'teacher-key-not-set', data: { teacher: 'big', address: 'https://api.openai.com', variable: 'OPENAI_API_KEY' } }));
    // A stand-in on one's own machine for a known service.
    expect(neededKey('big', teacher({ service: 'openai', baseUrl: 'http://127.0.0.1:8000/v1' }), ring)).toBeNull();
    expect(() => neededKey('big', teacher({ baseUrl: 'http://localhost:8000/v1', keyVariable: 'NONE' }), ring)).toThrow(expect.objectContaining({ code: 'teacher-key-not-set' }));
  });

  test('is taken out of the environment, so that nothing that is started inherits it', () => {
    const environment = { DISTILL_TEACHER_KEYS: '{"https://a.example":"k"}', PATH: '/bin' };
    expect(takeKeys(environment).stored).toEqual({ 'https://a.example': 'k' });
    expect(environment).toEqual({ PATH: '/bin' });
  });

  test('and the address that answers are filed under hold no secret', () => {
    expect(placeOf('big', teacher({ baseUrl: 'https://user:password@x.example/v1/?api-key=secret' }))).toMatchObject({ origin: 'https://x.example', address: 'https://x.example/v1' });
  });
});
