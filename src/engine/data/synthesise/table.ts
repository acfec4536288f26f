/** All kinds of problems, in the order in which `--list` shows them. */
import { sealed, type AnyKind } from './contract.ts';
import { arithmetic } from './kinds/arithmetic.ts';
import { combinatorics } from './kinds/combinatorics.ts';
import { decimals } from './kinds/decimals.ts';
import { derivatives } from './kinds/derivatives.ts';
import { fractions } from './kinds/fractions.ts';
import { integrals } from './kinds/integrals.ts';
import { knightsAndKnaves } from './kinds/knightsAndKnaves.ts';
import { limits } from './kinds/limits.ts';
import { linearEquations } from './kinds/linearEquations.ts';
import { linearSystems } from './kinds/linearSystems.ts';
import { listPrograms } from './kinds/listPrograms.ts';
import { numberTheory } from './kinds/numberTheory.ts';
import { ordering } from './kinds/ordering.ts';
import { quadraticEquations } from './kinds/quadraticEquations.ts';
import { stringPrograms } from './kinds/stringPrograms.ts';
import { unitConversion } from './kinds/unitConversion.ts';
import { wordProblems } from './kinds/wordProblems.ts';

export const PROBLEM_KINDS: readonly AnyKind[] = [
  sealed(arithmetic), sealed(decimals), sealed(fractions), sealed(linearEquations), sealed(quadraticEquations), sealed(linearSystems),
  sealed(numberTheory), sealed(combinatorics), sealed(derivatives), sealed(integrals), sealed(limits), sealed(unitConversion),
  sealed(wordProblems), sealed(knightsAndKnaves), sealed(ordering), sealed(listPrograms), sealed(stringPrograms),
];
