/** What the names and signs of LaTeX and plain mathematics stand for. */
import type { Operation, Relation } from './expression.ts';

export const FUNCTIONS: Readonly<Record<string, Operation>> = {
  sin: 'sin', cos: 'cos', tan: 'tan', tg: 'tan', cot: 'cot', ctg: 'cot', sec: 'sec', csc: 'csc', arcsin: 'arcsin', asin: 'arcsin', arccos: 'arccos', acos: 'arccos', arctan: 'arctan', atan: 'arctan',
  sinh: 'sinh', cosh: 'cosh', tanh: 'tanh', ln: 'ln', log: 'log', lg: 'log', exp: 'exp', sqrt: 'root', abs: 'abs', cbrt: 'root',
};
export const INVERSE: Partial<Readonly<Record<Operation, Operation>>> = { sin: 'arcsin', cos: 'arccos', tan: 'arctan' };
export const GREEK = new Set('alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell hbar'.split(' '));
export const RELATIONS: readonly (readonly [string, Relation])[] = [
  ['\\leqslant', '<='], ['\\geqslant', '>='], ['\\leq', '<='], ['\\geq', '>='], ['\\le', '<='], ['\\ge', '>='], ['\\lt', '<'], ['\\gt', '>'], ['\\neq', '!='], ['\\ne', '!='], ['\\in', 'in'],
  ['\\approx', '='], ['\\equiv', '='], ['<=', '<='], ['>=', '>='], ['=<', '<='], ['!=', '!='], ['==', '='], ['<', '<'], ['>', '>'], ['=', '='],
];
/** Words of plain text that stand for something in mathematics. */
export const WORDS: Readonly<Record<string, string>> = { pi: 'pi', infinity: 'infinity', infty: 'infinity', inf: 'infinity', theta: 'theta', alpha: 'alpha', beta: 'beta', lambda: 'lambda' };
