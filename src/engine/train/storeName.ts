/** How a store of soft targets is called. */
export const STORE_EXTENSION = '.topk';
