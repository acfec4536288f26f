// What the kernel module exports. Build: npm run build:kernels.
export { attach, BROKEN_OFFSET, close, CONTROL_BYTES, serve, setWorkers } from './pool';
export { gemm, gemmBatch, gemmScratchBytes, packedBytes, thin } from './gemm';
export { add, addRow, sumOfSquares, sumRows } from './elementwise';
export { rmsNorm, rmsNormGradient, rmsNormPartialsBytes } from './rmsNorm';
export { rotary } from './rotary';
export { swiglu, swigluGradient } from './swiglu';
export { attentionSoftmax, attentionSoftmaxGradient } from './softmax';
export { crossEntropy, crossEntropyGradient, forwardKl, forwardKlGradient, STATS_BYTES } from './losses';
export { adamw } from './adamw';
export { gatherRows, segmentSum, swapMiddle } from './layout';
export { expAll } from './exp';
export { attend, best, probabilities, project, remember } from './decode';
