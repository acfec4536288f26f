/** Whether a recipe's text has a collect stage; also of one that is being typed and can't be read as a whole. */
export function hasCollectStage(text: string): boolean {
  return /"type"\s*:\s*"collect"/.test(text);
}
