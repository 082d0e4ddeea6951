"""A temporary place with processes in it: a PostgreSQL server, providers, gateways. All of it is removed again."""
import glob
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

READY_WITHIN = 90


class Place:
    """The working directory of one command and every process that was started for it."""

    def __init__(self, easel, keep, root=None):
        """`root` is a directory of an earlier command, or to be made; it is kept."""
        self.easel = os.path.abspath(easel)
        self.keep = keep or root is not None
        if root:
            os.makedirs(root, exist_ok=True)
        self.root = os.path.abspath(root) if root else tempfile.mkdtemp(prefix="easel-figures-")
        # PostgreSQL refuses to run as root, so that its user must be able to come in here.
        os.chmod(self.root, 0o755)
        self.children = []
        self.closers = []

    def path(self, *names):
        return os.path.join(self.root, *names)

    def start(self, name, command):
        """A process whose standard output is read by us and whose standard error goes to NAME.log."""
        with open(self.path(f"{name}.log"), "ab") as log:
            # A session of its own: an interrupt at the keyboard is for this program, which stops the others in order.
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        self.children.append(child)
        return child

    def ready(self, child, name):
        """The JSON line with which a process says that it is ready."""
        if not select.select([child.stdout], [], [], READY_WITHIN)[0]:
            raise RuntimeError(f"{name} was not ready within {READY_WITHIN} s; its log: {self.tail(name)}")
        line = child.stdout.readline()
        if not line:
            raise RuntimeError(f"{name} ended with {child.wait(10)} before it was ready; its log: {self.tail(name)}")
        return json.loads(line)

    def tail(self, name):
        with open(self.path(f"{name}.log"), errors="replace") as file:
            return file.read()[-1500:]

    def close(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
            child.stdout.close()
        for close in reversed(self.closers):
            close()
        if self.keep:
            print(f"kept: {self.root}")
        else:
            shutil.rmtree(self.root, ignore_errors=True)


def postgres_programs():
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if not found:
        which = shutil.which("initdb")
        if not which:
            raise RuntimeError("initdb was not found: install postgresql-15")
        found = [which]
    return os.path.dirname(max(found, key=lambda path: [int(n) for n in re.findall(r"/(\d+)/", path)]))


def psql(connection, statement):
    """The rows of a query as dictionaries. JSON keeps types and NULL apart, which psql's own formats do not."""
    query = f"SELECT coalesce(json_agg(t), '[]'::json) FROM ({statement}) AS t"
    result = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", connection, "-c", query],
                            capture_output=True, text=True, timeout=120)
    if result.returncode:
        raise RuntimeError(f"psql: {result.stderr.strip()}")
    return json.loads(result.stdout)


class Postgres:
    """A server of our own for several gateways, or to be stopped and started: durable, on a Unix socket only."""

    def __init__(self, place):
        self.directory = place.path("postgres")
        self.programs = postgres_programs()
        self.prefix = []
        user = None
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self.prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
        # What is kept must start again without going through its whole log.
        mode = "fast" if place.keep else "immediate"
        if os.path.isdir(self.directory):
            if not self.run("pg_ctl", "status", "-D", self.directory):
                raise RuntimeError(f"another command works in {place.root}")
            place.closers.append(lambda: self.stop(mode))
            self.start()
            return
        place.closers.append(lambda: self.stop(mode))
        os.mkdir(self.directory, 0o700)
        if user:
            os.chown(self.directory, user.pw_uid, user.pw_gid)
        self.run("initdb", "-D", self.directory, "-U", "easel", "--auth=trust", "--encoding=UTF8", "--locale=C")
        with open(os.path.join(self.directory, "postgresql.conf"), "a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.directory}'\nfsync = on\n"
                       "synchronous_commit = on\nshared_buffers = 64MB\nmax_connections = 200\n")
        self.start()
        self.create("easel")

    def create(self, name, template="template0"):
        """A database; a copy of another that nobody is connected to may take minutes."""
        if self.run("createdb", "-h", self.directory, "-U", "easel", "-T", template, name, within=1800):
            raise RuntimeError(f"the database {name} could not be made")

    def run(self, program, *arguments, within=120):
        # Output goes to files or is dropped: a server that inherits a pipe would keep us waiting for its end.
        result = subprocess.run(self.prefix + [os.path.join(self.programs, program), *arguments],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=within)
        return result.returncode

    def start(self):
        log = os.path.join(self.directory, "server.log")
        if self.run("pg_ctl", "start", "-D", self.directory, "-w", "-t", "1700", "-l", log, within=1800):
            raise RuntimeError("PostgreSQL did not start")

    def stop(self, mode):
        self.run("pg_ctl", "stop", "-D", self.directory, "-w", "-t", "600", "-m", mode, within=700)

    def freeze(self, seconds):
        """Stops whatever the server does in the middle for so long. Who connects meanwhile is taken, and frozen too.
        Returns how many processes it met."""
        frozen = set()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                for process in self.backends() - frozen:
                    frozen.add(process)
                    send_signal(process, signal.SIGSTOP)
                time.sleep(0.02)
        finally:
            for process in frozen:
                send_signal(process, signal.SIGCONT)
        return len(frozen)

    def backends(self):
        """The processes that serve connections."""
        with open(os.path.join(self.directory, "postmaster.pid")) as file:
            parent = int(file.readline())
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            children = [int(child) for child in file.read().split()]
        return {child for child in children if b"postgres: easel" in command_line(child)}

    @property
    def url(self):
        return self.database("easel").url

    def query(self, statement):
        return psql(self.url, statement)

    def database(self, name):
        return Database(f"postgresql://easel@/{name}?host={self.directory}")


def send_signal(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


def command_line(process):
    """Empty for one that has ended."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


class Database:
    """One of several databases of a server."""

    def __init__(self, url):
        self.url = url

    def query(self, statement):
        return psql(self.url, statement)


class Gateway:
    """One `easel serve` with its own data directory. It may be started again and again."""

    def __init__(self, place, name, settings, database=None, only=None):
        self.place, self.name, self.database, self.only = place, name, database, only
        self.data = place.path(name)
        self.config = place.path(f"{name}.yaml")
        os.makedirs(self.data, exist_ok=True)
        lines = ["listen: 127.0.0.1:0", f"data_dir: {self.data}"]
        if database:
            lines += ["database:", f"  url: {database.url}"]
        else:
            place.closers.append(self.stop_embedded)
        with open(self.config, "w") as file:
            file.write("\n".join(lines) + "\n" + settings)
        self.child = None
        self.url = None

    def start(self):
        """Returns how long it took until it was ready."""
        began = time.monotonic()
        part = ["--only", self.only] if self.only else []
        self.child = self.place.start(self.name, [self.place.easel, "serve", "--config", self.config] + part)
        # A reporter listens to nobody.
        self.url = self.place.ready(self.child, self.name).get("url")
        return time.monotonic() - began

    def kill(self):
        self.child.kill()
        self.forget()

    def terminate(self, within=90):
        self.child.terminate()
        return self.wait(within)

    def wait(self, within):
        """The exit code, or None when it did not end in time."""
        try:
            self.child.wait(within)
        except subprocess.TimeoutExpired:
            return None
        return self.forget()

    def forget(self):
        code = self.child.wait()
        self.child.stdout.close()
        self.place.children.remove(self.child)
        return code

    def set_aside(self):
        """Files of its journal that hold what the database refused, or that cannot be read."""
        names = os.listdir(os.path.join(self.data, "journal"))
        return [name for name in names if name.endswith((".refused", ".damaged"))]

    @property
    def admin_key(self):
        with open(os.path.join(self.data, "admin-key")) as file:
            return file.read().strip()

    @property
    def cluster(self):
        """The embedded cluster; a note says where it is when the server's user cannot enter the data directory."""
        note = os.path.join(self.data, "postgres-location")
        if os.path.exists(note):
            with open(note) as file:
                return file.readline().strip()
        return os.path.join(self.data, "postgres")

    def query(self, statement):
        if self.database:
            return self.database.query(statement)
        return psql(f"postgresql://easel@/easel?host={self.cluster}", statement)

    def verify(self):
        """`easel db verify`: its exit code and what it found."""
        result = subprocess.run([self.place.easel, "db", "verify", "--config", self.config],
                                capture_output=True, text=True, timeout=300)
        return result.returncode, (result.stdout + result.stderr).strip().split("\n")

    def signal_embedded(self, number):
        """Signals the embedded server; its process id, or None when there is none."""
        try:
            with open(os.path.join(self.cluster, "postmaster.pid")) as file:
                pid = int(file.readline())
            os.kill(pid, number)
        except (OSError, ValueError):
            return None
        return pid

    def stop_embedded(self):
        """The embedded server outlives a gateway that was killed, so that the last one to be killed leaves it to us."""
        pid = self.signal_embedded(signal.SIGINT)
        if pid is None:
            return
        for _ in range(200):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.1)
