import path from 'node:path';
import * as vscode from 'vscode';
import { SERVICES, usualTeacher, type ServiceName } from '../../shared/recipeTeacher.ts';
import { Refusal } from '../errors.ts';
import type { Workbench } from '../workbench.ts';

type Template = 'arithmetic' | 'traces' | 'collect';

/** Makes a project folder from a template, through the command line's `init`: there is one maker of projects. */
export async function newProject({ programs, projects, log }: Workbench): Promise<void> {
  const template = await chooseTemplate();
  if (template === undefined) return;
  const own = template !== 'arithmetic';
  const model = own ? await chooseFile({ canSelectFolders: true, canSelectFiles: false, title: vscode.l10n.t('Model folder (Llama, Qwen2 or Qwen3 family, Hugging Face layout)'), openLabel: vscode.l10n.t('Use This Model') }) : null;
  if (model === undefined) return;
  const title = template === 'collect' ? vscode.l10n.t('Questions, with their answers where you have them') : vscode.l10n.t('Reasoning traces (JSONL)');
  const data = own ? await chooseFile({ filters: { JSONL: ['jsonl', 'json', 'ndjson'] }, title, openLabel: vscode.l10n.t('Use This File') }) : null;
  if (data === undefined) return;
  const teacher = template === 'collect' ? await chooseTeacher() : null;
  if (teacher === undefined) return;
  const parent = await chooseParent();
  if (parent === undefined) return;
  const name = await chooseName(parent, template);
  if (name === undefined) return;

  const folder = path.join(parent, name);
  const args = ['init', folder, '--template', template, ...(model === null ? [] : ['--model', model]), ...(data === null ? [] : ['--data', data]), ...(teacher === null ? [] : ['--service', teacher.service, '--teacher', teacher.model])];
  const made = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Creating {0}…', name) }, () => programs.distill(args));
  log.info(`distill ${args.join(' ')}: ${made.code}`);
  if (made.code !== 0) throw new Refusal((made.stderr.trim() || made.stdout.trim()));
  await projects.look();
  await openProject(folder);
}

async function chooseTemplate(): Promise<Template | undefined> {
  const rows: (vscode.QuickPickItem & { readonly template: Template })[] = [
    { template: 'arithmetic', label: vscode.l10n.t('Arithmetic example'), detail: vscode.l10n.t('A small teacher, its data and a student that learns step-by-step arithmetic: done in minutes on a laptop'), iconPath: new vscode.ThemeIcon('beaker') },
    { template: 'traces', label: vscode.l10n.t('Reasoning traces'), detail: vscode.l10n.t('Your own model folder and a JSONL file of prompts with reasoning and answers'), iconPath: new vscode.ThemeIcon('comment-discussion') },
    { template: 'collect', label: vscode.l10n.t('Questions for a teacher'), detail: vscode.l10n.t('A service is asked for reasoning within a budget, its answers are checked, and your student learns the right ones'), iconPath: new vscode.ThemeIcon('mortar-board') },
  ];
  return (await vscode.window.showQuickPick(rows, { title: vscode.l10n.t('New Project'), placeHolder: vscode.l10n.t('What does it start from?') }))?.template;
}

async function chooseTeacher(): Promise<{ readonly service: ServiceName; readonly model: string } | undefined> {
  const service = await vscode.window.showQuickPick(SERVICES.map((name) => ({ label: name, description: usualTeacher(name) ?? '' })), { title: vscode.l10n.t('New Project'), placeHolder: vscode.l10n.t('Which service has the teacher?') });
  if (service === undefined) return undefined;
  const name = service.label as ServiceName;
  const model = await vscode.window.showInputBox({ title: vscode.l10n.t('New Project'), prompt: vscode.l10n.t('The service’s name of the teacher'), value: usualTeacher(name) ?? '', validateInput: (value) => value.trim() === '' ? vscode.l10n.t('The service’s name of the teacher') : undefined });
  return model === undefined ? undefined : { service: name, model: model.trim() };
}

async function chooseFile(options: vscode.OpenDialogOptions): Promise<string | undefined> {
  return (await vscode.window.showOpenDialog({ canSelectMany: false, ...options }))?.[0]?.fsPath;
}

/** The open folder if there is one, else one that the person chooses. */
async function chooseParent(): Promise<string | undefined> {
  const folders = vscode.workspace.workspaceFolders?.filter(({ uri }) => uri.scheme === 'file') ?? [];
  const elsewhere = vscode.l10n.t('Another folder…');
  const rows = [...folders.map(({ name, uri }) => ({ label: name, description: uri.fsPath, folder: uri.fsPath })), { label: elsewhere, description: '', folder: null }];
  const row = folders.length === 0 ? rows[0] : await vscode.window.showQuickPick(rows, { title: vscode.l10n.t('New Project'), placeHolder: vscode.l10n.t('In which folder?') });
  if (row === undefined) return undefined;
  return row.folder ?? chooseFile({ canSelectFolders: true, canSelectFiles: false, title: vscode.l10n.t('In which folder?'), openLabel: vscode.l10n.t('Create Here') });
}

async function chooseName(parent: string, template: Template): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('New Project'), prompt: vscode.l10n.t('Name of the project’s folder'), value: template,
    validateInput: async (name) => {
      if (name.trim() === '' || /[\\/:*?"<>|]/.test(name) || name === '.' || name === '..') return vscode.l10n.t('A folder can’t have this name.');
      const there = await Promise.resolve(vscode.workspace.fs.stat(vscode.Uri.file(path.join(parent, name)))).then(() => true, () => false);
      return there ? vscode.l10n.t('{0} exists already.', name) : undefined;
    },
  });
}

/** Opens the recipe; a folder outside the window is offered as one. */
async function openProject(folder: string): Promise<void> {
  const uri = vscode.Uri.file(folder);
  await vscode.window.showTextDocument(vscode.Uri.joinPath(uri, 'distill.json'));
  if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) return;
  const open = vscode.l10n.t('Open Folder');
  if (await vscode.window.showInformationMessage(vscode.l10n.t('The project is in {0}. Open the folder to see its runs.', folder), open) === open) {
    await vscode.commands.executeCommand('vscode.openFolder', uri);
  }
}
