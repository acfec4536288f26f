/**
 * The one door to TensorFlow.js. Every file of the engine imports `tf` from here, so that there is a single copy of
 * its registries and its gradients are always registered (tfjs-core alone has none).
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';

export { tf };
