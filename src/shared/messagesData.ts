/** Sentences about data: reading, writing, cleaning, verifying, augmenting, mixing, reviewing. See messages.ts. */
import type { Sentence } from './messages.ts';

export const DATA_ERRORS = {
  'data-file-missing': {
    en: 'The data file {file} is not there. Correct data in the recipe.',
    'zh-cn': '数据文件 {file} 不存在。请修正配方中的 data。',
  },
  'data-file-is-folder': {
    en: '{file} is a folder that is not laid out as a dataset. Name the file inside it.',
    'zh-cn': '{file} 是文件夹，且不是数据集的目录结构。请写出其中的文件。',
  },
  'data-file-empty': {
    en: 'The data file {file} has no rows.',
    'zh-cn': '数据文件 {file} 没有数据行。',
  },
  'data-row-not-json': {
    en: '{file}, line {line}: not JSON ({detail}). Each line must be one JSON object.',
    'zh-cn': '{file} 第 {line} 行：不是合法 JSON（{detail}）。每行须为一个 JSON 对象。',
  },
  'data-row-not-object': {
    en: '{file}, line {line}: not a JSON object. Each line must be one, like a row of JSONL.',
    'zh-cn': '{file} 第 {line} 行：不是 JSON 对象。每行须为一个对象（JSONL）。',
  },
  'data-row-field-missing': {
    en: '{file}, line {line}: the field "{field}" is missing (have: {have}). Say which field holds it: "fields" in the recipe, --fields on the command line (distill data verify and convert).',
    'zh-cn': '{file} 第 {line} 行：缺少字段 "{field}"（现有：{have}）。请指明所用字段：配方中的 "fields"，或命令行的 --fields（distill data verify 与 convert）。',
  },
  'data-row-not-text': {
    en: '{file}, line {line}: the field "{field}" is neither text nor a number.',
    'zh-cn': '{file} 第 {line} 行：字段 "{field}" 既不是文本也不是数字。',
  },
  'data-row-mark-missing': {
    en: '{file}, line {line}: the field "{field}" has no "{mark}" to cut at.',
    'zh-cn': '{file} 第 {line} 行：字段 "{field}" 中没有用于截取的 "{mark}"。',
  },
  'data-row-empty': {
    en: '{file}, line {line}: the field "{field}" is empty.',
    'zh-cn': '{file} 第 {line} 行：字段 "{field}" 为空。',
  },
  'data-row-messages': {
    en: '{file}, line {line}: the messages must end with one of the assistant, after at least one of the user.',
    'zh-cn': '{file} 第 {line} 行：messages 须以 assistant 消息结尾，且之前至少有一条 user 消息。',
  },
  'data-row-too-long': {
    en: '{file}, line {line}: {tokens} tokens, and data.maxLength is {limit}. Raise it, or set data.tooLong to "cut" or "drop".',
    'zh-cn': '{file} 第 {line} 行：{tokens} 个词元，超过 data.maxLength {limit}。请调大，或将 data.tooLong 设为 "cut" 或 "drop"。',
  },
  'data-all-held-out': {
    en: 'No row is left to train on: the prompts of all {heldOut} training rows are held out by data.validation or data.test. Name other files there, or shares of data.train.',
    'zh-cn': '没有可训练的数据：全部 {heldOut} 行训练数据的问题都已被 data.validation 或 data.test 留出。请改用其他文件，或写 data.train 的比例。',
  },
  'data-nothing-left': {
    en: 'No row is left to train on: {dropped} of {rows} were dropped as longer than {limit} tokens. Raise data.maxLength, or add rows.',
    'zh-cn': '没有可训练的数据：{rows} 行中有 {dropped} 行因超过 {limit} 个词元被丢弃。请调大 data.maxLength 或增加数据。',
  },
  'review-line-broken': {
    en: '{file}, line {line}: not a decision on a row ({"format":1,"id":…,"decision":"accept"|"reject"|"quarantine"|"edit"}). Correct or remove the line.',
    'zh-cn': '{file} 第 {line} 行：不是审阅决定（{"format":1,"id":…,"decision":"accept"|"reject"|"quarantine"|"edit"}）。请修正或删除该行。',
  },
  'review-merge': {
    en: '{file}, line {line}: both sides of a merge are still in it. Choose between them, then it is read again.',
    'zh-cn': '{file} 第 {line} 行：仍含有未解决的合并冲突。请解决后会自动重新读取。',
  },
  'review-line-too-long': {
    en: '{file}, line {line}: longer than {limit} MB, which is no row that a person could read.',
    'zh-cn': '{file} 第 {line} 行：超过 {limit} MB，无法作为一行数据阅读。',
  },
  'data-changed': {
    en: '{file} has changed since it was read: it is read again.',
    'zh-cn': '{file} 自读取后已发生变化，正在重新读取。',
  },
  'review-cancelled': {
    en: 'Reading {file} was cancelled.',
    'zh-cn': '已取消读取 {file}。',
  },
  'review-convert-first': {
    en: '{file} is {format}: only JSONL in UTF-8 can be leafed through row by row. Convert it first: distill data convert.',
    'zh-cn': '{file} 的格式为 {format}：只有 UTF-8 编码的 JSONL 可以逐行翻阅。请先转换：distill data convert。',
  },
  'data-row-newer': {
    en: '{file}, line {line}: written in format {format} of a newer version, which this one does not know. Update the workbench.',
    'zh-cn': '{file} 第 {line} 行：由更新版本以格式 {format} 写入，此版本无法识别。请更新工作台。',
  },
  'data-row-encoding': {
    en: '{file}, line {line}: not valid {encoding}, as the file is otherwise. Save the whole file in one encoding, best UTF-8.',
    'zh-cn': '{file} 第 {line} 行：不是有效的 {encoding}，而文件其余部分是。请将整个文件保存为同一编码（建议 UTF-8）。',
  },
  'data-row-too-big': {
    en: '{file}, line {line}: longer than {limit}, the most that one row may have. Is it one row a line?',
    'zh-cn': '{file} 第 {line} 行：超过单行上限 {limit}。文件是否为每行一条数据？',
  },
  'data-row-csv': {
    en: '{file}, line {line}: not CSV ({detail}).',
    'zh-cn': '{file} 第 {line} 行：不是合法 CSV（{detail}）。',
  },
  'data-csv-column-twice': {
    en: '{file}: two columns are called "{column}". Rename one.',
    'zh-cn': '{file}：有两列同名 "{column}"。请重命名其一。',
  },
  'data-choices-item': {
    en: '{file}, line {line}: not an item of {lines} lines (blank, letter a–d, passage, question, four options).',
    'zh-cn': '{file} 第 {line} 行：不是由 {lines} 行组成的题目（空行、字母 a–d、材料、问题、四个选项）。',
  },
  'data-json-cut': {
    en: '{file}, line {line}: the JSON array is not whole ({detail}). Copy or download the file again.',
    'zh-cn': '{file} 第 {line} 行：JSON 数组不完整（{detail}）。请重新复制或下载该文件。',
  },
  'data-json-no-array': {
    en: '{file} holds no array of rows. It must be [ {…}, {…} ], or an object with such an array.',
    'zh-cn': '{file} 中没有数据行数组。应为 [ {…}, {…} ]，或含此类数组的对象。',
  },
  'data-file-damaged': {
    en: '{file} is damaged or cut: {detail}. Copy or download it again.',
    'zh-cn': '{file} 已损坏或被截断：{detail}。请重新复制或下载。',
  },
  'data-file-changed': {
    en: '{file} was changed while it was read. Wait until whatever writes it is done, then run again.',
    'zh-cn': '{file} 在读取过程中被修改。请等待写入结束后重新运行。',
  },
  'data-parquet-group': {
    en: '{file}: row group {group} has {rows} rows and {mebibytes} MiB unpacked, too much for memory at once. Write it again in smaller ones, with Python: pyarrow.parquet.write_table(table, file, row_group_size=10000).',
    'zh-cn': '{file}：第 {group} 个行组有 {rows} 行，解压后 {mebibytes} MiB，无法一次载入内存。请用 Python 以更小的行组重写：pyarrow.parquet.write_table(table, file, row_group_size=10000)。',
  },
  'data-format-unknown': {
    en: '{file} is of no known format; it begins like this: {seen}. Known: {known}. If it is one of them, say which: "format" in the recipe, --format on the command line (--from of distill data convert).',
    'zh-cn': '{file} 的格式无法识别，开头为：{seen}。支持：{known}。若属其一，请指明：配方中的 "format"，或命令行的 --format（distill data convert 用 --from）。',
  },
  'data-format-arrow': {
    en: '{file} is in Arrow format, which save_to_disk and the datasets cache write and which is not read here. Convert it with Python: datasets.load_from_disk("{file}").to_parquet("data.parquet") (of a DatasetDict: one call for each split).',
    'zh-cn': '{file} 为 Arrow 格式（由 save_to_disk 或 datasets 缓存写入），此处不支持。请用 Python 转换：datasets.load_from_disk("{file}").to_parquet("data.parquet")（DatasetDict 需对每个划分分别执行）。',
  },
  'data-config-which': {
    en: '{folder} has several configurations and "{config}" is none of them. Name one: {have}.',
    'zh-cn': '{folder} 有多个配置，其中没有 "{config}"。请指定其一：{have}。',
  },
  'data-split-missing': {
    en: '{folder} has no split "{split}" (have: {have}).',
    'zh-cn': '{folder} 中没有划分 "{split}"（现有：{have}）。',
  },
  'data-split-files': {
    en: '{folder}: the README names {patterns} for the split "{split}", and no data file fits. Download the folder whole.',
    'zh-cn': '{folder}：README 为划分 "{split}" 指定了 {patterns}，但没有匹配的数据文件。请完整下载该文件夹。',
  },
  'data-convert-conversation': {
    en: 'The row {id} is a conversation ({roles}) that {format} has no place for. Write it as messages or sharegpt.',
    'zh-cn': '数据行 {id} 是 {format} 无法表达的对话（{roles}）。请改用 messages 或 sharegpt。',
  },
  'hub-not-found': {
    en: 'The hub {hub} has no dataset {dataset} at revision {revision}, or it is private: then set HF_TOKEN.',
    'zh-cn': '{hub} 上没有数据集 {dataset}（版本 {revision}）；若为私有数据集，请设置 HF_TOKEN。',
  },
  'hub-refused': {
    en: 'The hub {hub} refuses {dataset} ({status}; HF_TOKEN set: {token}). Accept its terms on its page, and set HF_TOKEN to a token that may read it.',
    'zh-cn': '{hub} 拒绝访问 {dataset}（{status}；已设置 HF_TOKEN：{token}）。请在其页面接受条款，并将 HF_TOKEN 设为有读取权限的令牌。',
  },
  'hub-failed': {
    en: 'The hub {hub} did not give {dataset}: {detail}. Try again, it goes on where it ended; or set HF_ENDPOINT to a mirror.',
    'zh-cn': '无法从 {hub} 获取 {dataset}：{detail}。请重试（将从中断处继续），或将 HF_ENDPOINT 设为镜像。',
  },
  'hub-file-missing': {
    en: 'The dataset {dataset} at {revision} lists {file}, but the hub does not have it.',
    'zh-cn': '数据集 {dataset}（{revision}）列有 {file}，但 Hub 上没有该文件。',
  },
  'hub-cut': {
    en: '{file} of {dataset} came cut: {got} of {size} bytes. Try again, it goes on where it ended.',
    'zh-cn': '{dataset} 的 {file} 下载不完整：{got} / {size} 字节。请重试，将从中断处继续。',
  },
  'sandbox-unavailable': {
    en: 'Code is not run on this machine: it can’t be shut off from network and files ({detail}). On Linux, install util-linux and allow user namespaces, or run as root in a container that may make namespaces. Windows has no such sandbox yet: use WSL. Or set verify.code to "never".',
    'zh-cn': '本机不会运行代码：无法将其与网络和文件隔离（{detail}）。Linux 上请安装 util-linux 并允许用户命名空间，或以 root 身份在允许创建命名空间的容器中运行。Windows 暂无此类沙箱，请使用 WSL。也可将 verify.code 设为 "never"。',
  },
  'clean-needs-tokenizer': {
    en: 'clean.length counts tokens, and no tokenizer is given. Name the student’s model folder (on the command line: --tokenizer FOLDER), or leave length out.',
    'zh-cn': 'clean.length 按词元计数，但未提供分词器。请指定学生模型文件夹（命令行：--tokenizer 文件夹），或去掉 length。',
  },
  'clean-needs-model': {
    en: 'clean.irrelevant has maxPerplexity or minSimilarity, which a model measures, and no backend was opened for it here. Leave them out, or clean in a collect stage or with distill data clean.',
    'zh-cn': 'clean.irrelevant 的 maxPerplexity 或 minSimilarity 需要模型计算，但此处未打开后端。请去掉它们，或在 collect 阶段或用 distill data clean 清洗。',
  },
  'clean-irrelevant-incomplete': {
    en: 'clean.irrelevant.{field} is missing: maxPerplexity needs model; minSimilarity needs model and like.',
    'zh-cn': '缺少 clean.irrelevant.{field}：maxPerplexity 需要 model；minSimilarity 需要 model 和 like。',
  },
  'clean-pattern-invalid': {
    en: 'clean.irrelevant.pattern {pattern} is no regular expression: {detail}. Correct it.',
    'zh-cn': 'clean.irrelevant.pattern {pattern} 不是合法的正则表达式：{detail}。请修正。',
  },
  'clean-pattern-slow': {
    en: 'clean.irrelevant.pattern {pattern} took more than {seconds} s on the prompt “{prompt}” and was ended. Take repetition inside repetition, such as (a+)+, out of it.',
    'zh-cn': 'clean.irrelevant.pattern {pattern} 在问题“{prompt}”上耗时超过 {seconds} 秒，已中止。请去掉其中的嵌套重复，如 (a+)+。',
  },
  'clean-side-missing': {
    en: '{file} is not there: nothing that was taken from {out} can be brought back. Name the file that distill data clean wrote.',
    'zh-cn': '{file} 不存在：无法恢复从 {out} 中移除的内容。请指定 distill data clean 写出的文件。',
  },
  'clean-side-malformed': {
    en: '{file}, line {line}: not a line that cleaning wrote ({detail}). Nothing was changed. Correct or remove the line.',
    'zh-cn': '{file} 第 {line} 行：不是清洗写出的内容（{detail}）。未作任何更改。请修正或删除该行。',
  },
  'clean-restore-none': {
    en: 'Nothing in {file} fits {wanted} (it has: {have}).',
    'zh-cn': '{file} 中没有符合 {wanted} 的内容（现有：{have}）。',
  },
  'clean-out-is-input': {
    en: '{file} is the file that is cleaned. Give another name with --out.',
    'zh-cn': '{file} 就是被清洗的文件。请用 --out 指定其他文件名。',
  },
  'synthesis-unknown-kind': {
    en: 'There is no kind of problem "{kind}" (nearest: {near}). Known: {known}.',
    'zh-cn': '没有名为 "{kind}" 的题目类型（最接近：{near}）。可用：{known}。',
  },
  'synthesis-difficulty': {
    en: 'The difficulty goes from {from} to {to}: the first must not be above the second, both of 1 … 5.',
    'zh-cn': '难度范围 {from} 到 {to} 无效：前者不得大于后者，均在 1 … 5 之间。',
  },
  'mix-nothing-to-train': {
    en: 'Validation ({validation}) and test ({test}) together leave nothing to train on: they must sum to less than 1.',
    'zh-cn': '验证（{validation}）与测试（{test}）的比例之和不得达到 1，否则没有可训练的数据。',
  },
  'mix-unknown-group': {
    en: 'The weights name "{group}", and no row has it as its {by} (have: {have}).',
    'zh-cn': '权重中的 "{group}" 在数据的 {by} 中不存在（现有：{have}）。',
  },
} as const satisfies Record<string, Sentence>;

export const DATA_WARNINGS = {
  'data-rows-cut': {
    en: '{cut} of {rows} rows ({share}) are longer than {limit} tokens and were cut at a step of their reasoning: they have no end token and mostly no answer.',
    'zh-cn': '{rows} 行中有 {cut} 行（{share}）超过 {limit} 个词元，已在推理步骤边界截断：没有结束词元，大多也没有答案。',
  },
  'data-rows-dropped': {
    en: '{dropped} of {rows} rows ({share}) were dropped: longer than {limit} tokens, with nothing to cut at.',
    'zh-cn': '{rows} 行中有 {dropped} 行（{share}）被丢弃：超过 {limit} 个词元且无法截断。',
  },
  'data-rows-held-out': {
    en: '{heldOut} training rows were left out: their prompts are held out for validation or test.',
    'zh-cn': '{heldOut} 行训练数据被排除：其问题已留作验证或测试。',
  },
  'data-rows-reviewed': {
    en: 'By the review, {left} rows were left out and {edited} rows were taken with edited texts.',
    'zh-cn': '根据审阅结果，{left} 行被排除，{edited} 行使用了编辑后的文本。',
  },
  'data-review-unmatched': {
    en: '{count} decisions in {file} are about rows that the data file does not have (any more): rows whose texts changed have another id. Review them again.',
    'zh-cn': '{file} 中有 {count} 条决定对应的行在数据文件中（已）不存在：文本改变后行的标识也会改变。请重新审阅。',
  },
  'data-changed-since-start': {
    en: '{file} is not what it was when the run began: the rest of the run sees its new rows. What was taken before stands in {kept}.',
    'zh-cn': '{file} 与运行开始时不同：后续将使用新的数据行。此前使用的记录保存在 {kept}。',
  },
} as const satisfies Record<string, Sentence>;
