/** Sentences about teachers behind an API: service, key, budget, cache. See messages.ts. */
import type { Sentence } from './messages.ts';

export const TEACHER_ERRORS = {
  'budget-spent': {
    en: 'The budget of the teacher {teacher} is spent: {spent} of {cap} (answers kept: {answered}). Raise teachers.{teacher}.budget in the recipe, then resume this run or run again: nothing that was answered is paid twice.',
    'zh-cn': '教师 {teacher} 的预算已用完：{spent} / {cap}（已保留 {answered} 条回答）。在配方中调高 teachers.{teacher}.budget，然后恢复此运行或再次运行：已得到的回答不会重复付费。',
  },
  'recipe-teacher-no-address': {
    en: '{path} is missing: an API teacher needs the address of its service ("baseUrl"), or the name of a known one ("service": {allowed}).',
    'zh-cn': '缺少 {path}：API 教师需要服务地址（"baseUrl"）或已知服务名（"service"：{allowed}）。',
  },
  'recipe-budget-without-prices': {
    en: '{path} is a cap in money, but teachers.{name} has no prices to count with. Write teachers.{name}.prices, or cap the tokens (budget.tokens).',
    'zh-cn': '{path} 是费用上限，但 teachers.{name} 没有价格可供计算。请填写 teachers.{name}.prices，或改为限制词元数（budget.tokens）。',
  },
  'recipe-nobody-to-ask': {
    en: '{path} is missing, and teachers is empty: there is nobody to ask.',
    'zh-cn': '缺少 {path}，且 teachers 为空：没有可询问的教师。',
  },
  'recipe-source-form': {
    en: '{path} has {got}; a source needs exactly one of "file", "hub", "synthesise".',
    'zh-cn': '{path} 含有 {got}；来源必须且只能给出 "file"、"hub"、"synthesise" 之一。',
  },
  'recipe-collect-overwrites': {
    en: '{path} is {file}, which the stage also reads. Write to another file.',
    'zh-cn': '{path} 为 {file}，而该阶段也读取它。请写入其他文件。',
  },
  'recipe-collect-same-target': {
    en: '{path} is {file}, which an earlier stage writes as well. Give each stage a file of its own.',
    'zh-cn': '{path} 为 {file}，先前的阶段也写入它。请为每个阶段指定不同的文件。',
  },
  'recipe-collect-too-late': {
    en: '{path} is {file}, which data names: data is read before the first stage that trains, evaluates or exports. Put this stage before it.',
    'zh-cn': '{path} 为 {file}，而 data 引用了它：数据在首个训练、评估或导出阶段之前读取。请把此阶段移到它之前。',
  },
  'budget-below-request': {
    en: 'One request to the teacher {teacher} may cost up to {worst}, and its whole budget is {cap}: nothing could be asked. Raise teachers.{teacher}.budget, or lower ask.sampling.maxTokens.',
    'zh-cn': '向教师 {teacher} 的单个请求最多可能花费 {worst}，而其全部预算为 {cap}：无法提问。请调高 teachers.{teacher}.budget，或降低 ask.sampling.maxTokens。',
  },
  'collect-busy': {
    en: 'The teacher {teacher} is already being asked for this project: process {pid} on {host}, {about}. Two collections at once could not keep its budget: wait for that one, or stop it.',
    'zh-cn': '本项目已有进程在询问教师 {teacher}：{host} 上的进程 {pid}，{about}。两个收集同时进行无法保证预算：请等待其结束，或先停止它。',
  },
  'ledger-broken': {
    en: '{file}, line {line}: this is no line of a ledger, and what it said may be money. Put the file back from a copy, or remove that line once you know from the provider’s bill what was spent.',
    'zh-cn': '{file} 第 {line} 行不是账本记录，其中可能涉及费用。请从备份恢复该文件，或在核对服务商账单后删除该行。',
  },
  'ledger-currency': {
    en: 'teachers.{teacher}.prices are in {currency}, and what this project has spent so far is in {spent}: they can’t be added up under one cap. Write the prices in {spent}.',
    'zh-cn': 'teachers.{teacher}.prices 的货币为 {currency}，而本项目此前的花费为 {spent}：无法在同一上限下相加。请以 {spent} 填写价格。',
  },
  'estimate-local': {
    en: 'The teacher {teacher} is a model of this machine: it costs nothing, and a sample of it would need its backend. Run the stage: distill data collect.',
    'zh-cn': '教师 {teacher} 是本机模型：不产生费用，抽样需要其后端。请直接运行该阶段：distill data collect。',
  },
  'teacher-key-not-set': {
    en: 'The teacher {teacher} at {address} needs a key. Use the command "Set Teacher API Key", or on the command line set the environment variable {variable}.',
    'zh-cn': '位于 {address} 的教师 {teacher} 需要密钥。请使用命令“设置教师 API 密钥”，或在命令行设置环境变量 {variable}。',
  },
  'collect-nothing': {
    en: 'The stage {stage} has no row left to write to {file}: {rows} came in, and all of them were taken out or not answered. The report {report} says by what. The file was not touched.',
    'zh-cn': '阶段 {stage} 没有可写入 {file} 的行：读入 {rows} 行，全部被移除或未得到回答。原因见报告 {report}。文件未被改动。',
  },
  'teacher-address-malformed': {
    en: 'The address of the teacher {teacher} is {address}; it must begin with http:// or https://. Correct teachers.{teacher}.baseUrl, or name its service.',
    'zh-cn': '教师 {teacher} 的地址为 {address}；必须以 http:// 或 https:// 开头。请更正 teachers.{teacher}.baseUrl，或填写 service。',
  },
  'teacher-proxy-malformed': {
    en: 'The proxy that the environment names for the teacher {teacher} is no address (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY). It looks like http://HOST:PORT; NO_PROXY names hosts that need none.',
    'zh-cn': '环境变量为教师 {teacher} 指定的代理不是有效地址（HTTPS_PROXY、HTTP_PROXY 或 ALL_PROXY）。格式为 http://主机:端口；NO_PROXY 可列出无需代理的主机。',
  },
  'teacher-key-malformed': {
    en: 'The key of the teacher {teacher} has characters that no key has (a line break, a quote, a space?). Set it again: {variable}.',
    'zh-cn': '教师 {teacher} 的密钥含有非法字符（换行、引号或空格？）。请重新设置：{variable}。',
  },
  'teacher-key-missing': {
    en: 'The teacher {teacher} at {address} wants a key (status {status}), and there is none. Use the command "Set Teacher API Key", or on the command line set the environment variable {variable}.',
    'zh-cn': '位于 {address} 的教师 {teacher} 需要密钥（状态 {status}），但未提供。请使用命令“设置教师 API 密钥”，或在命令行设置环境变量 {variable}。',
  },
  'teacher-key-refused': {
    en: 'The teacher {teacher} at {address} refused the key (status {status}: {detail}). Use the command "Set Teacher API Key", or on the command line set the environment variable {variable} to a key of this service.',
    'zh-cn': '位于 {address} 的教师 {teacher} 拒绝了密钥（状态 {status}：{detail}）。请使用命令“设置教师 API 密钥”，或在命令行将环境变量 {variable} 设为该服务的密钥。',
  },
  'teacher-forbidden': {
    en: 'The teacher {teacher} at {address} does not let this key do that (status {status}: {detail}). Check the key’s rights, the account’s region and the model’s terms at the provider.',
    'zh-cn': '位于 {address} 的教师 {teacher} 不允许此密钥执行该操作（状态 {status}：{detail}）。请在服务商处检查密钥权限、账户地区与模型条款。',
  },
  'teacher-payment-required': {
    en: 'The account behind the teacher {teacher} at {address} has no credit left (status {status}: {detail}). Top it up at the provider and run again: what was answered is kept.',
    'zh-cn': '位于 {address} 的教师 {teacher} 的账户余额不足（状态 {status}：{detail}）。请在服务商处充值后再次运行：已得到的回答会保留。',
  },
  'teacher-model-missing': {
    en: 'The teacher {teacher} at {address} has no model "{model}" (status {status}: {detail}). Correct teachers.{teacher}.model. It has: {have}.',
    'zh-cn': '位于 {address} 的教师 {teacher} 没有模型 "{model}"（状态 {status}：{detail}）。请更正 teachers.{teacher}.model。可用模型：{have}。',
  },
  'teacher-address-wrong': {
    en: 'There is no OpenAI-compatible service for the teacher {teacher} at {address} (status {status}: {detail}). Correct teachers.{teacher}.baseUrl: it often ends in /v1.',
    'zh-cn': '{address} 处没有教师 {teacher} 的 OpenAI 兼容服务（状态 {status}：{detail}）。请更正 teachers.{teacher}.baseUrl：通常以 /v1 结尾。',
  },
  'teacher-request-refused': {
    en: 'The teacher {teacher} at {address} refused a request (status {status}: {detail}). Check ask.sampling (maxTokens within the model’s limit?), the prompt’s length, and teachers.{teacher}.body.',
    'zh-cn': '位于 {address} 的教师 {teacher} 拒绝了请求（状态 {status}：{detail}）。请检查 ask.sampling（maxTokens 是否超出模型限制）、问题长度与 teachers.{teacher}.body。',
  },
  'teacher-rate-limited': {
    en: 'The teacher {teacher} at {address} refuses every request for too many (status {status}, after {tries} tries: {detail}). Lower teachers.{teacher}.concurrency, or run again later: what was answered is kept.',
    'zh-cn': '位于 {address} 的教师 {teacher} 因请求过多而全部拒绝（状态 {status}，已尝试 {tries} 次：{detail}）。请降低 teachers.{teacher}.concurrency，或稍后再次运行：已得到的回答会保留。',
  },
  'teacher-unreachable': {
    en: 'The teacher {teacher} can’t be reached at {address} (after {tries} tries: {detail}). Check the address, the network, and that the service runs.',
    'zh-cn': '无法连接教师 {teacher}（{address}，已尝试 {tries} 次：{detail}）。请检查地址、网络以及服务是否在运行。',
  },
  'teacher-failing': {
    en: 'The teacher {teacher} at {address} fails (status {status}, after {tries} tries: {detail}). Run again later: what was answered is kept.',
    'zh-cn': '位于 {address} 的教师 {teacher} 出错（状态 {status}，已尝试 {tries} 次：{detail}）。请稍后再次运行：已得到的回答会保留。',
  },
  'teacher-no-first-token': {
    en: 'The teacher {teacher} at {address} wrote nothing for {seconds} seconds (after {tries} tries). Raise teachers.{teacher}.timeouts.firstTokenSeconds, or lower its concurrency.',
    'zh-cn': '位于 {address} 的教师 {teacher} 在 {seconds} 秒内没有任何输出（已尝试 {tries} 次）。请增大 teachers.{teacher}.timeouts.firstTokenSeconds，或降低并发数。',
  },
  'teacher-silent': {
    en: 'The teacher {teacher} at {address} fell silent for {seconds} seconds in the middle of an answer (after {tries} tries). Raise teachers.{teacher}.timeouts.silenceSeconds, or run again later.',
    'zh-cn': '位于 {address} 的教师 {teacher} 在回答中途静默了 {seconds} 秒（已尝试 {tries} 次）。请增大 teachers.{teacher}.timeouts.silenceSeconds，或稍后重试。',
  },
  'teacher-cut': {
    en: 'The connection to the teacher {teacher} at {address} was cut in the middle of an answer (after {tries} tries: {detail}). Check the network and any proxy in between.',
    'zh-cn': '与教师 {teacher}（{address}）的连接在回答中途断开（已尝试 {tries} 次：{detail}）。请检查网络与中间代理。',
  },
  'teacher-bad-answer': {
    en: 'The teacher {teacher} at {address} sent what is no answer of an OpenAI-compatible service (after {tries} tries: {detail}).',
    'zh-cn': '位于 {address} 的教师 {teacher} 返回的内容不是 OpenAI 兼容服务的回答（已尝试 {tries} 次：{detail}）。',
  },
  'teacher-answer-too-long': {
    en: 'The teacher {teacher} at {address} does not stop: {characters} characters came where maxTokens is {maxTokens} (after {tries} tries). Nothing of it was kept. Does the service know the limit’s name? See teachers.{teacher}.body.',
    'zh-cn': '位于 {address} 的教师 {teacher} 不停止输出：maxTokens 为 {maxTokens}，却收到 {characters} 个字符（已尝试 {tries} 次）。内容未保留。服务是否识别该限制字段？见 teachers.{teacher}.body。',
  },
} as const satisfies Record<string, Sentence>;

export const TEACHER_WARNINGS = {
  'collect-limits-changed': {
    en: '{path} is {now} in {file} now and was {before} when the run began: it goes on with {now}.',
    'zh-cn': '{file} 中 {path} 现为 {now}，运行开始时为 {before}：将以 {now} 继续。',
  },
  'collect-limits-kept': {
    en: '{file} has been changed since the run began and has mistakes now: the run goes on with the budgets it began with. See them with: distill check',
    'zh-cn': '{file} 在运行开始后被修改且目前有错误：将以开始时的预算继续。可用 distill check 查看。',
  },
  'requests-lost': {
    en: 'Requests to the teacher {teacher} that were sent and never came to an end (a process that died, a stop, a cut): {requests}. The service may have billed them, so they count at their worst case, {worst}. Once you have looked at the bill: distill data budget --forgive {teacher}',
    'zh-cn': '向教师 {teacher} 发出的 {requests} 个请求没有结束（进程终止、停止或断线）：服务商可能已计费，因此按最坏情况 {worst} 计入。核对账单后可执行：distill data budget --forgive {teacher}',
  },
  'collect-previous-kept': {
    en: '{file} now has the {rows} rows that the budget allowed. The longer file that was there before is kept as {previous}.',
    'zh-cn': '{file} 现包含预算允许的 {rows} 行。先前较长的文件已保留为 {previous}。',
  },
  'collect-code-not-allowed': {
    en: 'The stage {stage} would run the code of answers in a sandbox, and nobody has consented to that: such rows stay without a verdict. Allow it where you start the run: in VS Code when you are asked, on the command line by distill data collect --allow-code.',
    'zh-cn': '阶段 {stage} 需要在沙箱中运行回答里的代码，但尚未获得同意：这些行没有判定结果。可在启动时允许：VS Code 会询问，命令行使用 distill data collect --allow-code。',
  },
  'rows-not-answered': {
    en: '{failed} of {rows} requests to the teacher {teacher} failed for good; the last: {detail} Their rows are left out. Run again to ask them once more.',
    'zh-cn': '向教师 {teacher} 的 {rows} 个请求中有 {failed} 个最终失败；最后一个：{detail} 这些行被略过。再次运行可重新询问。',
  },
  'teacher-sampling-ignored': {
    en: 'The model {model} of the teacher {teacher} ignores temperature and topP and gives no log-probabilities: they are not sent.',
    'zh-cn': '教师 {teacher} 的模型 {model} 忽略 temperature 与 topP，也不提供对数概率：不再发送这些参数。',
  },
  'teacher-parameter-dropped': {
    en: 'The teacher {teacher} at {address} does not take {parameter} ({detail}): it is no longer sent.',
    'zh-cn': '位于 {address} 的教师 {teacher} 不接受 {parameter}（{detail}）：不再发送。',
  },
  'teacher-usage-wrong': {
    en: 'The teacher {teacher} reports token numbers that are absent or can’t be right ({detail}). An upper estimate counts instead.',
    'zh-cn': '教师 {teacher} 报告的词元数缺失或不可能正确（{detail}），改按上限估计计入。',
  },
  'teacher-logprobs-missing': {
    en: 'The teacher {teacher} at {address} gives no log-probabilities, although they were asked for.',
    'zh-cn': '位于 {address} 的教师 {teacher} 未提供所请求的对数概率。',
  },
} as const satisfies Record<string, Sentence>;
