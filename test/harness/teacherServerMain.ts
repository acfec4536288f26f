/** The server of teacherServer.ts in a process of its own: its one argument is the options as JSON, its first line says {"port":…}. */
import { startTeacherServer, type TeacherServerOptions } from './teacherServer.ts';

const server = await startTeacherServer(JSON.parse(process.argv[2] ?? '{}') as TeacherServerOptions);
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
