/** Where an installed Python has its TensorFlow: asked of Python, which does not import it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DistillError } from '../../../shared/messages.ts';

/** In this order, as a person's shell finds them: an activated environment comes first on the PATH. */
const PROGRAMS = process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python'];
const ANSWER_MS = 15_000;

/** With -c the folder that Python runs in comes first on its path: a module of that name there is not what was installed. */
const QUESTION = "import sys; sys.path = [p for p in sys.path if p]; import importlib.util as u, os; s = u.find_spec('tensorflow'); print(sys.executable); print(os.path.dirname(s.origin) if s and s.origin else '')";

/** The folder `tensorflow` in its site-packages. @throws DistillError `tensorflow-no-python`, `tensorflow-not-in-python`, `tensorflow-python-failed` */
export async function tensorflowOfPython(environment: NodeJS.ProcessEnv): Promise<string> {
  let reason: DistillError | undefined;
  for (const program of PROGRAMS) {
    try {
      const { stdout } = await promisify(execFile)(program, ['-c', QUESTION], { env: environment, timeout: ANSWER_MS, windowsHide: true });
      const [python = program, folder = ''] = stdout.split(/\r?\n/);
      if (folder !== '') return folder;
      reason ??= new DistillError('tensorflow-not-in-python', { python });
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'ENOENT') continue;
      reason ??= new DistillError('tensorflow-python-failed', { python: program, detail: (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? '' });
    }
  }
  throw reason ?? new DistillError('tensorflow-no-python', { tried: PROGRAMS.join(', ') });
}
