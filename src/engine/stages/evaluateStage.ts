/** An evaluation stage, and an evaluation between two training steps: traces, scores, report. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { EvaluationEvent } from '../../shared/events.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { RUN_FILES } from '../../shared/run.ts';
import { writeWholeFile } from '../../system/wholeFile.ts';
import { verdictOf } from '../evaluate/answer.ts';
import { answer, retentionOf, type Answered } from '../evaluate/evaluate.ts';
import type { Interval } from '../evaluate/intervals.ts';
import type { DecoderModel } from '../model/contract.ts';
import type { MetricValues } from '../train/contract.ts';
import { progressTeller, type Reached, type StageContext } from './context.ts';

/** Evaluates for the stages of one run; the teacher's answers don't change and are made once. */
export class Evaluator {
  readonly #teachers = new Map<string, Answered>();
  #referencesTold = false;

  constructor(private readonly context: StageContext) {}

  /** Null when it was stopped in between; nothing was written then but the traces of a model that was through. */
  async evaluate(student: DecoderModel, teacherName: string | null, stage: number, reached: Reached): Promise<MetricValues | null> {
    const { run, journal, data } = this.context;
    if (data.evaluation.every(({ gold }) => gold === null)) journal.event({ kind: 'warning', code: 'evaluation-without-gold', data: { examples: data.evaluation.length } });
    const teacher = teacherName === null ? null : await this.#teacher(teacherName, stage, reached.steps);
    if (teacherName !== null && teacher === null) return null;
    if (teacherName === null) this.#tellReferences(stage, reached.steps);
    const score = await this.#answer('student', student, this.#studentName(reached.steps), stage, reached.steps);
    if (score === null) return null;
    for (const trace of score.traces) journal.trace(trace);
    const retention = teacher === null ? null : retentionOf(teacher, score, run.recipe.seed);
    await this.#report(stage, reached, teacher, score, retention);
    const values = { 'evaluation/accuracy': score.score.accuracy, ...(retention === null ? {} : { 'evaluation/retention': retention.value }) };
    journal.event({ kind: 'metric', stage, step: reached.steps, tokens: reached.tokens, values });
    return values;
  }

  /** Without a local teacher the data's own reasoning is what the student is compared with: it came from some teacher. */
  #tellReferences(stage: number, step: number): void {
    if (this.#referencesTold) return;
    this.#referencesTold = true;
    const { run: { recipe }, journal, data } = this.context;
    for (const { example, prompt, gold, reference } of data.evaluation) {
      if (reference === null || reference.think === '') continue;
      journal.trace({
        format: 1, id: `reference-${example}`, example, role: 'teacher', stage, step, prompt, think: reference.think, answer: reference.answer, gold,
        verdict: verdictOf(reference.answer, gold), tokens: 0, finish: 'end', model: sourceName(recipe), sampling: { temperature: 0, topP: 1, seed: 0 },
      });
    }
  }

  async #teacher(name: string, stage: number, step: number): Promise<Answered | null> {
    const { models, journal } = this.context;
    const known = this.#teachers.get(name);
    if (known !== undefined) return known;
    const answered = await this.#answer('teacher', await models.teacher(name), models.teacherFolder(name), stage, step);
    if (answered === null) return null;
    for (const trace of answered.traces) journal.trace(trace);
    this.#teachers.set(name, answered);
    return answered;
  }

  #answer(role: 'teacher' | 'student', model: DecoderModel, modelName: string, stage: number, step: number): Promise<Answered | null> {
    const { run: { recipe }, journal, models, data, control } = this.context;
    const tell = progressTeller(journal, stage);
    return answer({
      role, model, modelName, tokenizer: models.tokenizer, template: data.template, rows: data.evaluation, settings: recipe.evaluate, seed: recipe.seed, stage, step,
      onProgress: (done, total) => { tell(role, done, total); },
      stopped: () => control.stopped(),
    });
  }

  #studentName(step: number): string {
    return `${this.context.run.recipe.name}, step ${String(step)}`;
  }

  async #report(stage: number, { steps }: Reached, teacher: Answered | null, student: Answered, retention: Interval | null): Promise<void> {
    const { run: { recipe }, folder, journal, data } = this.context;
    const name = `evaluation-${String(stage)}-${String(steps)}.json`;
    const both = [...(teacher === null ? [] : [teacher]), student];
    const models = both.map(({ score }) => score);
    const event: Omit<EvaluationEvent, 'seq' | 'at'> = { kind: 'evaluation', stage, step: steps, report: name, models, retention };
    const results = (answered: Answered | null): ReadonlyMap<string, object> => new Map((answered?.traces ?? []).map((trace) => [trace.example, { verdict: trace.verdict, answer: trace.answer, tokens: trace.tokens, finish: trace.finish, trace: trace.id }]));
    const [ofTeacher, ofStudent] = [results(teacher), results(student)];
    const report = {
      format: 1, stage, step: steps, split: recipe.evaluate.split, settings: recipe.evaluate, seed: recipe.seed, models, retention,
      examples: data.evaluation.map(({ example, prompt, gold }) => ({ example, prompt, gold, teacher: ofTeacher.get(example) ?? null, student: ofStudent.get(example) ?? null })),
    };
    await mkdir(path.join(folder, RUN_FILES.reports), { recursive: true });
    await writeWholeFile(path.join(folder, RUN_FILES.reports, name), `${JSON.stringify(report, null, 2)}\n`);
    journal.event(event);
  }
}

/** The file that the evaluated rows come from, as the recipe names it. */
function sourceName({ data, evaluate }: Recipe): string {
  const split = data[evaluate.split];
  return [typeof split === 'string' ? split : data.train].flat().map((file) => path.basename(file)).join(', ');
}
