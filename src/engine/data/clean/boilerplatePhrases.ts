/**
 * Sentences that frame an answer and say nothing: how they begin and end. Data, not code: each line is a regular expression
 * without nested repetition, anchored by boilerplate.ts. `[^.!?\n]` keeps a match inside one sentence.
 */
export const OPENINGS: readonly string[] = [
  // English
  String.raw`(?:sure|certainly|of course|absolutely|definitely|no problem|gladly)(?: thing)?[!.,:—-]+`,
  String.raw`(?:sure|certainly|of course|absolutely)[,!]? (?:i(?:'d| would| can|'ll| will)|let me|let's|here(?:'s| is| are))[^.!?\n:]{0,80}[.!:]`,
  String.raw`(?:that(?:'s| is) )?(?:a |an )?(?:great|good|excellent|interesting|fantastic) question[!.]`,
  String.raw`thank(?:s| you) for (?:your|the|asking)[^.!?\n]{0,60}[.!]`,
  String.raw`i(?:'d| would) be (?:happy|glad|delighted) to (?:help|assist)[^.!?\n]{0,60}[.!]`,
  String.raw`i(?:'m| am) (?:happy|glad) to (?:help|assist)[^.!?\n]{0,60}[.!]`,
  String.raw`as an? (?:ai|artificial intelligence|large)(?: language)? (?:model|assistant)[^.!?\n]{0,40},`,
  String.raw`here(?:'s| is) (?:the|a|my|your) (?:detailed |complete |full |step-by-step |possible )?(?:answer|solution|response|explanation|breakdown)(?: to (?:your|the) (?:question|problem))?[.:]`,
  // Chinese
  String.raw`(?:好的|好的呢|没问题|当然|当然可以|当然了|可以的)[，,。！!]+`,
  String.raw`(?:很高兴|非常高兴|很乐意|非常乐意|我很乐意)(?:能)?(?:为您|为你|帮您|帮你|帮助您|帮助你|解答|回答)[^。！!？?\n]{0,30}[。！!]`,
  String.raw`(?:感谢|谢谢)(?:您|你)的(?:提问|问题|咨询|耐心)[^。！!？?\n]{0,20}[。！!，,]`,
  String.raw`(?:这是一个|这是个)(?:很好|非常好|有趣|很有趣|不错)的问题[。！!，,]`,
  String.raw`作为(?:一个|一名)?(?:人工智能|ai|AI|大型?语言模型|语言模型)[^。！!？?\n，,]{0,15}[，,]`,
  String.raw`以下是(?:详细的?|完整的?|具体的?)?(?:解答|答案|解题过程|解析|回答)(?:过程)?[：:。]`,
];

export const CLOSINGS: readonly string[] = [
  // English
  String.raw`i hope (?:this|that|it)(?: explanation| answer| solution)? (?:helps|is helpful|was helpful|clarifies|makes sense|answers)[^.!?\n]{0,60}[.!]`,
  String.raw`hope (?:this|that|it) helps[^.!?\n]{0,20}[.!]`,
  String.raw`(?:please )?(?:feel free to|don't hesitate to|do not hesitate to) (?:ask|reach out|let me know|contact)[^.!?\n]{0,80}[.!]`,
  String.raw`(?:please )?let me know if (?:you|there|this|that|anything)[^.!?\n]{0,90}[.!]`,
  String.raw`if you (?:have|need|want|would like)[^.!?\n]{0,60}(?:feel free to|don't hesitate|let me know|please ask|just ask)[^.!?\n]{0,60}[.!]`,
  String.raw`(?:is there|do you have) (?:anything else|any (?:other|more|further))[^.!?\n]{0,60}\?`,
  String.raw`(?:happy (?:learning|studying|coding|calculating)|good luck|have a (?:great|nice|good) day)[^.!?\n]{0,30}[.!]`,
  // Chinese
  String.raw`(?:希望|但愿)(?:这|以上|我的|上述)[^。！!？?\n]{0,20}(?:有所?帮助|有用|能帮到|帮助到)[^。！!？?\n]{0,15}[。！!]`,
  String.raw`(?:如果|若|如)(?:您|你)?(?:还|仍)?有(?:任何|其他|其它|别的|更多|不明白|不清楚|疑问)[^。！!？?\n]{0,20}[，,]?[^。！!？?\n]{0,10}(?:随时|欢迎|请)(?:告诉|联系|提问|向我|问我|继续|提出|咨询)[^。！!？?\n]{0,15}[。！!]`,
  String.raw`(?:请)?随时(?:告诉我|提问|联系我|向我提问|问我)[。！!]`,
  String.raw`祝(?:您|你)(?:学习|生活|工作|考试)?(?:愉快|顺利|进步|成功)[。！!]`,
];
