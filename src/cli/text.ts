/** Every text of the command line, English and Simplified Chinese side by side; `{0}`, `{1}` are filled by `say`. */
import type { Language } from '../shared/messages.ts';
import { DATA_TEXT } from './textData.ts';
import { SETUP_TEXT } from './textSetup.ts';

const TEXT = {
  ...DATA_TEXT,
  ...SETUP_TEXT,
  about: ['Distil reasoning models: train a small student from a big teacher.', '蒸馏推理模型：用大教师训练小学生。'],
  exitCodes: [
    'Exit codes: 0 fine · 1 failed · 2 wrong argument, recipe, or file that they name · 3 the run was stopped · 4 the run was lost',
    '退出码：0 正常 · 1 失败 · 2 参数、配方或其所指文件有误 · 3 运行被停止 · 4 运行丢失',
  ],
  helpUsage: ['Usage:', '用法：'],
  helpArguments: ['Arguments:', '参数：'],
  helpOptions: ['Options:', '选项：'],
  helpCommands: ['Commands:', '命令：'],
  optionLang: ['language of all texts: en, zh-cn (default: LANG)', '文本语言：en、zh-cn（默认取 LANG）'],
  optionJson: ['print JSON', '输出 JSON'],
  optionHelp: ['show this help', '显示帮助'],
  optionVersion: ['show the version', '显示版本'],
  argumentRun: ['a run: its name, the end of its name, or its folder (default: the newest)', '运行：名称、名称结尾或文件夹（默认最新一个）'],
  argumentProject: ['a project’s folder or recipe file', '项目文件夹或配方文件'],

  init: ['make a new project', '新建项目'],
  initFolder: ['the new project’s folder (default: one named after the template)', '新项目文件夹（默认以模板命名）'],
  initTemplate: ['arithmetic: the example, with everything in it · traces: any model on any reasoning traces · collect: a teacher is asked for the traces', 'arithmetic：自带全部内容的示例 · traces：任意模型与任意推理轨迹 · collect：向教师请求推理轨迹'],
  initModel: ['traces, collect: a Llama-, Qwen2- or Qwen3-family Hugging Face folder', 'traces、collect：Llama、Qwen2 或 Qwen3 系列的 Hugging Face 文件夹'],
  initData: ['traces: reasoning traces; collect: questions, with their answers where you have them (any format)', 'traces：推理轨迹；collect：问题，可附标准答案（任意格式）'],
  initService: ['collect: the teacher’s service (default: deepseek)', 'collect：教师所在的服务（默认 deepseek）'],
  initTeacher: ['collect: the service’s name of the teacher', 'collect：该服务中的教师模型名'],
  initName: ['name of the project (default: the example’s own, or the folder’s)', '项目名（默认：示例自带名称，或文件夹名）'],
  initMade: ['Made {0}.', '已创建 {0}。'],
  initNext: ['Look at it, then:  {distill} check {0}  and  {distill} run {0}', '查看后执行：{distill} check {0} 和 {distill} run {0}'],

  check: ['check a recipe, its models and data, and whether they can work together', '检查配方、模型与数据，以及它们能否配合运行'],
  checkRecipeOnly: ['only the recipe, not the files it names', '只检查配方，不检查所指文件'],
  checkFine: ['{0}: the recipe is right.', '{0}：配方正确。'],
  checkOnline: ['also ask API teachers for their models (the only request made; it costs nothing)', '同时向 API 教师查询模型列表（仅此一个请求，不产生费用）'],
  checkFix: ['make the fixes that are shown, keeping the recipe’s comments', '执行所显示的修复，保留配方中的注释'],
  checkAllFine: ['{0}: nothing stands in the way of a run.', '{0}：可以运行。'],
  checkWarning: ['{0}: can be run, with 1 warning.', '{0}：可以运行，有 1 条警告。'],
  checkWarnings: ['{1}: can be run, with {0} warnings.', '{1}：可以运行，有 {0} 条警告。'],
  checkFileProblem: ['{0} can’t work: 1 problem.', '{0} 无法运行：1 处问题。'],
  checkFileProblems: ['{1} can’t work: {0} problems.', '{1} 无法运行：{0} 处问题。'],
  checkFixable: ['{0} of it can be fixed here: distill check --fix', '其中 {0} 处可自动修复：distill check --fix'],
  checkProblems: ['{0} mistakes in {1}.', '{1} 中有 {0} 处错误。'],
  checkProblem: ['1 mistake in {1}.', '{1} 中有 1 处错误。'],

  run: ['start a run and follow it; Ctrl-C stops it in order, twice at once', '启动运行并跟随；Ctrl-C 有序停止，按两次立即结束'],
  runDetach: ['start it and return', '启动后立即返回'],
  runSet: ['change a value of the recipe for this run: stages[0].alpha=0.5 (may be repeated)', '为此次运行修改配方中的值：stages[0].alpha=0.5（可重复）'],
  runNoQueue: ['start beside other runs instead of waiting for the device', '与其他运行并行，而不是等待设备'],
  runNoCheck: ['launch it without looking first whether it can work', '不先检查能否运行，直接启动'],
  runRefused: ['{0} can’t work and was not started. --no-check starts it all the same.', '{0} 无法运行，未启动。使用 --no-check 可强制启动。'],
  runWarning: ['1 warning: {distill} check {1}', '1 条警告：{distill} check {1}'],
  runWarnings: ['{0} warnings: {distill} check {1}', '{0} 条警告：{distill} check {1}'],
  runJson: ['print the run’s events, one JSON object a line', '逐行输出运行事件（JSON）'],
  runStarted: ['Started {0} (process {1}).', '已启动 {0}（进程 {1}）。'],
  runDetached: ['It goes on by itself: {distill} show {0}', '它将自行继续：{distill} show {0}'],
  runStopping: ['Stopping after this step and saving. Ctrl-C again ends it at once.', '将在此步后保存并停止。再次按 Ctrl-C 立即结束。'],
  runStoppingCollect: ['Stopping: what was answered is kept. Ctrl-C again ends it at once.', '正在停止：已得到的回答会保留。再次按 Ctrl-C 立即结束。'],
  runKilling: ['Ending it at once.', '立即结束。'],
  eventQueued: ['Waiting for the device, which {0} has. To start beside it: --no-queue', '等待设备，当前由 {0} 占用。要与其并行启动：--no-queue'],
  queueHolder: ['{0} of {1}', '{1} 的 {0}'],
  queueHolderProcess: ['{0} of {1} (process {2})', '{1} 的 {0}（进程 {2}）'],
  queueUnknown: ['another run', '另一个运行'],
  eventStarted: ['Backend {0}: {1}', '后端 {0}：{1}'],
  eventResumed: ['Goes on from step {0}.', '从第 {0} 步继续。'],
  eventStage: ['Stage {0}', '阶段 {0}'],
  eventSteps: ['Stage {0}, {1} steps', '阶段 {0}，共 {1} 步'],
  eventPrompts: ['Stage {0}, {1} prompts', '阶段 {0}，共 {1} 个问题'],
  eventSkipped: ['Stage {0} is skipped.', '跳过阶段 {0}。'],
  eventValidation: ['step {0}: {1}', '第 {0} 步：{1}'],
  eventDone: ['Done in {0}.', '完成，用时 {0}。'],
  eventStopped: ['Stopped. Go on with:  {distill} resume {0}', '已停止。继续：{distill} resume {0}'],
  eventFailed: ['Failed: {0}', '失败：{0}'],
  eventLost: ['The engine of {0} is gone without having said why. Look into its log, then: {distill} resume {0}', '{0} 的引擎已消失且未说明原因。请查看日志，然后：{distill} resume {0}'],
  progressStep: ['{0} · step {1}/{2}', '{0} · 第 {1}/{2} 步'],
  progressWhat: ['{0} · {1} {2}/{3}', '{0} · {1} {2}/{3}'],
  progressLeft: ['{0} left', '剩余 {0}'],
  workEncoding: ['reading rows', '读取数据'],
  workValidation: ['validating', '验证'],
  workTeacher: ['the teacher answers', '教师作答'],
  workStudent: ['the student answers', '学生作答'],
  workCompletions: ['the student’s completions', '学生的回答'],

  sweep: ['make the runs of the recipe’s sweep one after another and compare them', '依次运行配方中的搜索（sweep）并比较结果'],
  sweepOnly: ['only these runs of it: 1,3,4', '只运行其中的几次：1,3,4'],
  sweepDry: ['only list the runs that it would make', '只列出将要进行的运行'],
  sweepResume: ['go on with a sweep that was interrupted or stopped (default: the newest)', '继续被中断或停止的搜索（默认最新一个）'],
  sweepShow: ['show the table of a sweep (default: the newest)', '显示某次搜索的比较表（默认最新一个）'],
  sweepStop: ['stop a sweep, and its run in order', '有序停止某次搜索及其运行'],
  sweepNone: ['{0} has no "sweep". Name the values to try: "sweep": { "values": { "stages.train.temperature": [1, 2, 4] } }', '{0} 中没有 "sweep"。请写出要尝试的取值："sweep": { "values": { "stages.train.temperature": [1, 2, 4] } }'],
  sweepNoneYet: ['There is no sweep in {0} yet.', '{0} 中还没有搜索。'],
  sweepWrong: ['{0} settings of the sweep make recipes that are not right. Nothing was started.', '搜索中有 {0} 组取值会得到错误的配方。未启动任何运行。'],
  sweepWrongOne: ['One setting of the sweep makes a recipe that is not right. Nothing was started.', '搜索中有一组取值会得到错误的配方。未启动任何运行。'],
  sweepLeavesOut: ['Runs of a sweep leave out the stages {0}: data is collected before, and the best run is exported after it.', '搜索中的运行不执行阶段 {0}：请先收集数据，并在结束后导出最佳结果。'],
  sweepCount: ['{0} runs.', '共 {0} 次运行。'],
  sweepStarted: ['Sweep {0}: {1} runs to go.', '搜索 {0}：还有 {1} 次运行。'],
  sweepRun: ['{0}  {1}  ({2})', '{0}  {1}（{2}）'],
  sweepStopped: ['Stopped. Go on with:  {distill} sweep --resume {0}', '已停止。继续：{distill} sweep --resume {0}'],
  sweepStopOrdered: ['{0} stops after this step; its run is saved.', '{0} 将在此步后停止，其运行会保存。'],
  sweepNotRunning: ['{0} is not running.', '{0} 没有在运行。'],
  sweepSeed: ['seed', '种子'],
  sweepMean: ['mean', '均值'],
  sweepTime: ['time', '用时'],
  sweepWaiting: ['Waiting', '等待中'],
  sweepBehind: ['Stopped: behind', '已停止：落后'],
  'sweepStatus.running': ['running', '运行中'],
  'sweepStatus.stopping': ['stopping', '停止中'],
  'sweepStatus.done': ['done', '已完成'],
  'sweepStatus.stopped': ['stopped', '已停止'],
  'sweepStatus.failed': ['failed', '失败'],
  'sweepStatus.lost': ['interrupted', '已中断'],
  runHasSweep: ['The recipe has a sweep; this is one run of the recipe as it stands. All of the sweep: {distill} sweep {0}', '配方含有搜索（sweep）；此处只按当前配方运行一次。执行整个搜索：{distill} sweep {0}'],

  resume: ['go on with a run that ended early', '继续提前结束的运行'],
  stop: ['stop a run in order; it can be resumed', '有序停止运行；之后可继续'],
  stopNow: ['do not wait for the step to end', '不等待当前步结束'],
  stopOrdered: ['{0} has stopped and saved.', '{0} 已保存并停止。'],
  stopTerminated: ['{0} was ended by a signal.', '{0} 已被信号终止。'],
  stopKilled: ['{0} was ended by force.', '{0} 已被强制结束。'],
  stopNothing: ['{0} is not running.', '{0} 没有在运行。'],

  list: ['list runs', '列出运行'],
  listNone: ['No runs in {0} yet.', '{0} 中还没有运行。'],
  columnRun: ['run', '运行'],
  columnStatus: ['status', '状态'],
  columnStep: ['step', '步数'],
  columnValue: ['value', '数值'],
  columnBegan: ['began', '开始时间'],
  show: ['show what is known of a run', '显示运行详情'],
  showFolder: ['folder', '文件夹'],
  showStatus: ['status', '状态'],
  showBackend: ['backend', '后端'],
  showStages: ['stages', '阶段'],
  showCheckpoints: ['checkpoints', '检查点'],
  showBest: ['best', '最佳'],
  showWarnings: ['warnings', '警告'],
  evaluationModel: ['model', '模型'],
  evaluationAccuracy: ['accuracy', '准确率'],
  evaluationInterval: ['95% interval', '95% 区间'],
  evaluationSpeed: ['tokens/s', '词元/秒'],
  evaluationParameters: ['parameters', '参数量'],
  teacher: ['teacher', '教师'],
  student: ['student', '学生'],
  retention: ['The student keeps {0} of the teacher’s accuracy (95% interval {1} to {2}).', '学生保留了教师准确率的 {0}（95% 区间 {1} 至 {2}）。'],

  log: ['print a run’s raw log', '输出运行的原始日志'],
  rows: ['list the rows that a step trained on with what each lost, or a row’s losses over the steps', '列出某一步所训练的数据行及各自的损失，或某一行在各步的损失'],
  rowsStep: ['the step (default: the last)', '步数（默认最后一步）'],
  rowsRow: ['FILE:ROW: its loss at every step that it was in', 'FILE:ROW：该行在其参与的每一步的损失'],
  rowsTop: ['so many rows at most', '最多列出的行数'],
  rowsNone: ['{0} has recorded no losses by row: it has taken no training step, or its recipe says "rowLosses": false.', '{0} 未记录逐行损失：尚未进行训练步，或配方中设有 "rowLosses": false。'],
  rowsNoStep: ['{1} has no step {0}. It has {2} to {3}.', '{1} 没有第 {0} 步。现有第 {2} 至 {3} 步。'],
  rowsNoRow: ['{1} has not trained on {0}. Rows are named as "distill rows" lists them, by file and line.', '{1} 未训练过 {0}。行名与 "distill rows" 所列一致：文件与行号。'],
  rowsBadRow: ['{0} names no row: write FILE:ROW, data/train.jsonl:12.', '{0} 不是行名：请写作 FILE:ROW，如 data/train.jsonl:12。'],
  rowsOfStep: ['Step {0} of {1}: rows by their loss per position', '{1} 第 {0} 步：各行按每位置损失排列'],
  rowsOfRow: ['{0} in {1}', '{1} 中的 {0}'],
  rowsUnknown: ['(written by the student)', '（由学生生成）'],
  rowsMore: ['… and {0} more', '…… 另有 {0} 行'],
  columnRow: ['row', '行'],
  columnLoss: ['loss', '损失'],
  columnPositions: ['positions', '位置数'],
  columnShare: ['share of the step', '占该步的份额'],
  logLines: ['only the last lines', '只输出最后若干行'],
  doctor: ['say which backends this machine has, and what else a run needs', '检查本机可用的后端及运行所需的环境'],
  doctorNode: ['Node.js', 'Node.js'],
  doctorEngine: ['workbench', '工作台'],
  doctorMachine: ['machine', '机器'],
  doctorMemory: ['memory', '内存'],
  doctorDisk: ['disk', '磁盘'],
  doctorQueue: ['device', '设备'],
  doctorMemoryOf: ['{0} GiB free of {1} GiB', '{1} GiB 中剩余 {0} GiB'],
  doctorDiskOf: ['{0} GiB free at {1}', '{1} 剩余 {0} GiB'],
  doctorCores: ['{0}, {1} cores, {2}', '{0}，{1} 核，{2}'],
  doctorFree: ['free', '空闲'],
  doctorHeld: ['in use by {0} (process {1})', '被 {0} 占用（进程 {1}）'],
  doctorBackends: ['Backends, in the order they are tried:', '后端（按尝试顺序）：'],
  doctorTaken: ['loads and computes right', '可加载且计算正确'],
  doctorChosen: ['loads and computes right: runs use it', '可加载且计算正确：运行将使用它'],
  doctorWrong: ['loads, but computes wrong: {0}', '可加载，但计算错误：{0}'],
  doctorUnavailable: ['not here: {0}', '不可用：{0}'],

  diff: ['compare teacher’s and student’s reasoning, step by step', '逐步对比教师与学生的推理'],
  diffExample: ['an example of the run (default: list them)', '运行中的样例（默认列出全部）'],
  diffFilter: ['list only: both-right, student-wrong, teacher-wrong, differ', '只列出：both-right、student-wrong、teacher-wrong、differ'],
  diffTeacher: ['compare recordings instead of a run: the teacher’s file (JSON array or JSONL)', '对比录制文件而非运行：教师的文件（JSON 数组或 JSONL）'],
  diffStudent: ['the student’s file, row by row the same prompts', '学生的文件，逐行对应同一问题'],
  diffWidth: ['columns to write into (default: the terminal’s)', '输出宽度（默认终端宽度）'],
  diffNone: ['The run {0} has no traces yet: they come with an evaluation stage.', '运行 {0} 还没有轨迹：它们来自评估阶段。'],
  diffUnknown: ['There is no example {0}; known: {1}', '没有样例 {0}；现有：{1}'],
  diffBothFiles: ['--teacher and --student belong together.', '--teacher 与 --student 须同时给出。'],

  noRecipe: ['There is no distill.json in {0}. Make one with: {distill} init', '{0} 中没有 distill.json。可用 {distill} init 创建。'],
  noRun: ['There is no run {0} here. {distill} list shows those there are.', '这里没有运行 {0}。可用 {distill} list 查看。'],
  noRuns: ['There is no run here yet.', '这里还没有运行。'],
  ambiguousRun: ['{0} could be {1}.', '{0} 可能指 {1}。'],
  badSet: ['--set {0}: write PATH=VALUE, as in stages[0].alpha=0.5', '--set {0}：请写成 路径=值，如 stages[0].alpha=0.5'],
  noFolder: ['There is no folder {0}.', '没有文件夹 {0}。'],
  noFile: ['There is no file {0}.', '没有文件 {0}。'],
  isFolder: ['{0} is a folder; a file is needed here.', '{0} 是文件夹；此处需要文件。'],
  notAFolder: ['{0} is a file. Choose another folder.', '{0} 是文件。请另选文件夹。'],
  badName: ['The name {0} is empty or longer than {1} characters.', '名称 {0} 为空或超过 {1} 个字符。'],
  onlyTraces: ['--model and --data belong to the templates "traces" and "collect"; the arithmetic example has its own. Add --template traces, or leave them out.', '--model 与 --data 属于模板 "traces" 和 "collect"；arithmetic 示例自带模型和数据。请加上 --template traces，或去掉它们。'],
  folderNotEmpty: ['{0} is not empty. Choose another folder.', '{0} 不是空文件夹。请另选。'],
  onlyCollect: ['--service and --teacher belong to the template "collect". Add --template collect, or leave them out.', '--service 与 --teacher 属于模板 "collect"。请加上 --template collect，或去掉它们。'],
  needsTeacher: ['Name the teacher as {0} calls it: --teacher NAME.', '请给出教师在 {0} 中的名称：--teacher 名称。'],
  needsModelAndData: ['The templates "traces" and "collect" need --model FOLDER (the student) and --data FILE.', '模板 "traces" 与 "collect" 需要 --model 文件夹（学生）和 --data 文件。'],
  badChoice: ['{0}: allowed are {1}.', '{0}：允许的值为 {1}。'],
  unexpected: ['Distill met an error that it does not know: {0}', 'Distill 遇到未知错误：{0}'],
} as const satisfies Record<string, readonly [english: string, chinese: string]>;

export type TextKey = keyof typeof TEXT;
export type Say = (key: TextKey, ...values: readonly (string | number)[]) => string;

/** `command` is how the program is called in what a person is told to type. */
export function sayIn(language: Language, command = 'distill'): Say {
  const column = language === 'zh-cn' ? 1 : 0;
  return (key, ...values) => TEXT[key][column].replaceAll('{distill}', () => command).replaceAll(/\{(\d)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));
}

/** In the repository people start it by `npm run distill -- …`, and `distill` alone would not be found. */
export function commandOf(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['npm_lifecycle_event'] === 'distill' ? 'npm run distill --' : 'distill';
}

/** The languages that --lang takes; several names of the second mean it. */
export const LANGUAGES: readonly Language[] = ['en', 'zh-cn'];
const ENGLISH = /^en([-_.]|$)/i;
const CHINESE = /^zh([-_.](cn|hans|sg)|$)/i;

export function isKnownLanguage(word: string): boolean {
  return ENGLISH.test(word) || CHINESE.test(word);
}

/** The language that was asked for by --lang, else by the environment as POSIX orders it. */
export function languageOf(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>): Language {
  const place = argv.findIndex((word) => word === '--lang' || word.startsWith('--lang='));
  const word = argv[place] ?? '';
  const asked = place < 0 ? undefined : word === '--lang' ? argv[place + 1] : word.slice('--lang='.length);
  const wanted = asked ?? environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'] ?? '';
  return CHINESE.test(wanted) ? 'zh-cn' : 'en';
}
