// The jobs that the pool can run: one number each, one function that computes a tile of it.
import { adamwTile } from './adamw';
import { attendTile, probabilitiesTile, projectTile, rememberTile } from './decode';
import { addRowTile, addTile, sumOfSquaresTile, sumRowsTile } from './elementwise';
import { gemmBatchTile, gemmPackTile, gemmTile, thinTile } from './gemm';
import { gatherRowsTile, segmentSumTile, swapMiddleTile } from './layout';
import { crossEntropyGradientTile, crossEntropyTile, forwardKlGradientTile, forwardKlTile } from './losses';
import { rmsNormGradientTile, rmsNormTile } from './rmsNorm';
import { rotaryTile } from './rotary';
import { attentionSoftmaxGradientTile, attentionSoftmaxTile } from './softmax';
import { swigluGradientTile, swigluTile } from './swiglu';

export namespace Job {
  export const GEMM_PACK: i32 = 0;
  export const GEMM: i32 = 1;
  export const GEMM_BATCH: i32 = 2;
  export const THIN: i32 = 3;
  export const ADD: i32 = 4;
  export const ADD_ROW: i32 = 5;
  export const SUM_ROWS: i32 = 6;
  export const SUM_OF_SQUARES: i32 = 7;
  export const RMS_NORM: i32 = 8;
  export const RMS_NORM_GRADIENT: i32 = 9;
  export const ROTARY: i32 = 10;
  export const SWIGLU: i32 = 11;
  export const SWIGLU_GRADIENT: i32 = 12;
  export const ATTENTION_SOFTMAX: i32 = 13;
  export const ATTENTION_SOFTMAX_GRADIENT: i32 = 14;
  export const CROSS_ENTROPY: i32 = 15;
  export const CROSS_ENTROPY_GRADIENT: i32 = 16;
  export const FORWARD_KL: i32 = 17;
  export const FORWARD_KL_GRADIENT: i32 = 18;
  export const ADAMW: i32 = 19;
  export const SWAP_MIDDLE: i32 = 20;
  export const SEGMENT_SUM: i32 = 21;
  export const GATHER_ROWS: i32 = 22;
  export const PROJECT: i32 = 23;
  export const REMEMBER: i32 = 24;
  export const ATTEND: i32 = 25;
  export const PROBABILITIES: i32 = 26;
}

export function runTile(kind: i32, args: usize, tile: i32): void {
  switch (kind) {
    case Job.GEMM_PACK: return gemmPackTile(args, tile);
    case Job.GEMM: return gemmTile(args, tile);
    case Job.GEMM_BATCH: return gemmBatchTile(args, tile);
    case Job.THIN: return thinTile(args, tile);
    case Job.ADD: return addTile(args, tile);
    case Job.ADD_ROW: return addRowTile(args, tile);
    case Job.SUM_ROWS: return sumRowsTile(args, tile);
    case Job.SUM_OF_SQUARES: return sumOfSquaresTile(args, tile);
    case Job.RMS_NORM: return rmsNormTile(args, tile);
    case Job.RMS_NORM_GRADIENT: return rmsNormGradientTile(args, tile);
    case Job.ROTARY: return rotaryTile(args, tile);
    case Job.SWIGLU: return swigluTile(args, tile);
    case Job.SWIGLU_GRADIENT: return swigluGradientTile(args, tile);
    case Job.ATTENTION_SOFTMAX: return attentionSoftmaxTile(args, tile);
    case Job.ATTENTION_SOFTMAX_GRADIENT: return attentionSoftmaxGradientTile(args, tile);
    case Job.CROSS_ENTROPY: return crossEntropyTile(args, tile);
    case Job.CROSS_ENTROPY_GRADIENT: return crossEntropyGradientTile(args, tile);
    case Job.FORWARD_KL: return forwardKlTile(args, tile);
    case Job.FORWARD_KL_GRADIENT: return forwardKlGradientTile(args, tile);
    case Job.ADAMW: return adamwTile(args, tile);
    case Job.SWAP_MIDDLE: return swapMiddleTile(args, tile);
    case Job.SEGMENT_SUM: return segmentSumTile(args, tile);
    case Job.GATHER_ROWS: return gatherRowsTile(args, tile);
    case Job.PROJECT: return projectTile(args, tile);
    case Job.REMEMBER: return rememberTile(args, tile);
    case Job.ATTEND: return attendTile(args, tile);
    case Job.PROBABILITIES: return probabilitiesTile(args, tile);
    default: unreachable();
  }
}
