/** Sentences about native TensorFlow: why a library is not used, and what can go wrong while it is set up. See messages.ts. */
import type { Sentence } from './messages.ts';

export const TENSORFLOW_ERRORS = {
  'tensorflow-platform': {
    en: 'native TensorFlow is not built for {platform}. WebAssembly and WebGPU run here.',
    'zh-cn': '{platform} 没有可用的原生 TensorFlow。此处可使用 WebAssembly 与 WebGPU。',
  },
  'tensorflow-no-caller': {
    en: 'koffi, which calls TensorFlow’s library, has no build for {platform} beside this program: {detail}',
    'zh-cn': '用于调用 TensorFlow 库的 koffi 没有适用于 {platform} 的版本：{detail}',
  },
  'tensorflow-file-missing': {
    en: '{file} does not exist. TensorFlow’s folder is the one that holds it: "tensorflow" in Python’s site-packages.',
    'zh-cn': '{file} 不存在。TensorFlow 的文件夹应包含该文件：即 Python 的 site-packages 中的 "tensorflow"。',
  },
  'tensorflow-cant-load': {
    en: '{file} can’t be loaded: {detail}',
    'zh-cn': '无法加载 {file}：{detail}',
  },
  'tensorflow-functions-missing': {
    en: '{file} is not the TensorFlow that is needed: {functions} missing ({count} in all). TensorFlow 2.12 to 2.21 have them.',
    'zh-cn': '{file} 不是所需的 TensorFlow：缺少 {functions} 等共 {count} 个函数。TensorFlow 2.12 至 2.21 包含它们。',
  },
  'tensorflow-too-old': {
    en: 'TensorFlow {version} in {folder} is too old: {oldest} or newer is needed.',
    'zh-cn': '{folder} 中的 TensorFlow {version} 版本过旧：需要 {oldest} 或更新版本。',
  },
  'tensorflow-no-gpu': {
    en: 'TensorFlow {version} in {folder} found no GPU that it can use. It needs the GPU build of TensorFlow, NVIDIA’s driver, and the libraries of CUDA 12 and cuDNN 9.',
    'zh-cn': '{folder} 中的 TensorFlow {version} 未找到可用的 GPU。需要 TensorFlow 的 GPU 版本、NVIDIA 驱动，以及 CUDA 12 与 cuDNN 9 的库。',
  },
  'tensorflow-not-set-up': {
    en: 'nothing was set up: distill setup tensorflow',
    'zh-cn': '尚未设置：distill setup tensorflow',
  },
  'tensorflow-setup-unreadable': {
    en: '{file} can’t be read: {detail}. distill setup tensorflow writes it anew.',
    'zh-cn': '无法读取 {file}：{detail}。运行 distill setup tensorflow 会重新写入。',
  },
  'tensorflow-no-python': {
    en: 'no Python on the PATH ({tried})',
    'zh-cn': 'PATH 中没有 Python（{tried}）',
  },
  'tensorflow-not-in-python': {
    en: '{python} has no TensorFlow',
    'zh-cn': '{python} 中没有 TensorFlow',
  },
  'tensorflow-python-failed': {
    en: '{python} did not answer: {detail}',
    'zh-cn': '{python} 未应答：{detail}',
  },

  'setup-no-wheel': {
    en: 'There is no ready TensorFlow for {platform}. Install one with Python (pip install tensorflow): it is found by itself. WebAssembly runs without it.',
    'zh-cn': '没有适用于 {platform} 的现成 TensorFlow。请用 Python 安装（pip install tensorflow），之后会自动找到。WebAssembly 无需它即可运行。',
  },
  'setup-no-gpu-wheel': {
    en: 'TensorFlow has a build for GPUs on Linux x86-64 only, and this is {platform}. Leave --gpu out.',
    'zh-cn': 'TensorFlow 的 GPU 版本仅支持 Linux x86-64，而本机为 {platform}。请去掉 --gpu。',
  },
  'setup-system-too-old': {
    en: 'TensorFlow {version} needs {needed}, and this system has {found}. A TensorFlow 2.12 or newer that runs here can be named: distill setup tensorflow --library FOLDER.',
    'zh-cn': 'TensorFlow {version} 需要 {needed}，而本系统为 {found}。可指定本机能运行的 2.12 或更新版本：distill setup tensorflow --library 文件夹。',
  },
  'setup-busy': {
    en: 'TensorFlow is being set up already by process {pid}. Wait for it, or end it.',
    'zh-cn': '进程 {pid} 正在设置 TensorFlow。请等待其结束，或将其终止。',
  },
  'setup-disk': {
    en: 'Setting up TensorFlow needs {neededMiB} MiB in {folder}, and {freeMiB} MiB are free. Free some space, or name another folder with DISTILL_DATA_FOLDER.',
    'zh-cn': '设置 TensorFlow 需要 {folder} 中有 {neededMiB} MiB，而剩余 {freeMiB} MiB。请清理空间，或用 DISTILL_DATA_FOLDER 指定其他文件夹。',
  },
  'setup-network': {
    en: '{address} can’t be reached: {detail}. Check the network and HTTPS_PROXY, or name a mirror with --index (https://pypi.tuna.tsinghua.edu.cn/simple). What was downloaded so far is kept.',
    'zh-cn': '无法访问 {address}：{detail}。请检查网络与 HTTPS_PROXY，或用 --index 指定镜像（https://pypi.tuna.tsinghua.edu.cn/simple）。已下载的部分会保留。',
  },
  'setup-index-address': {
    en: '{address} (from {origin}) is no address of a package index. It looks like https://pypi.org/simple.',
    'zh-cn': '{address}（来自 {origin}）不是软件包索引的地址。格式如 https://pypi.org/simple。',
  },
  'setup-index-unreadable': {
    en: '{address} is no page of a package index: {detail}. The address of an index looks like https://pypi.org/simple.',
    'zh-cn': '{address} 不是软件包索引的页面：{detail}。索引地址格式如 https://pypi.org/simple。',
  },
  'setup-index-without': {
    en: 'The index {address} does not have {file}. Name another with --index, e.g. https://pypi.org/simple.',
    'zh-cn': '索引 {address} 中没有 {file}。请用 --index 指定其他索引，例如 https://pypi.org/simple。',
  },
  'setup-checksum': {
    en: '{file} is not the file that its publisher released: its SHA-256 is {found} and should be {expected}. It was deleted. Try again, or name another index with --index.',
    'zh-cn': '{file} 不是发布者发布的文件：SHA-256 为 {found}，应为 {expected}。文件已删除。请重试，或用 --index 指定其他索引。',
  },
  'setup-archive': {
    en: '{file} can’t be unpacked: {detail}. It was deleted; try again.',
    'zh-cn': '无法解压 {file}：{detail}。文件已删除，请重试。',
  },
  'setup-check-failed': {
    en: 'TensorFlow in {folder} does not work here: {detail}. Nothing was changed.',
    'zh-cn': '{folder} 中的 TensorFlow 无法在此运行：{detail}。未作任何更改。',
  },
} as const satisfies Record<string, Sentence>;
