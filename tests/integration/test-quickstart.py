#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""quickstart.sh --uninstall: what was installed goes, and nothing else. (Installing: service/bare-root.sh.)"""

import os
import shutil
import subprocess
import tempfile

from harness import check, check_equal, check_in, clean_environment, run_tests

QUICKSTART = os.path.join(os.path.dirname(__file__), '..', '..', 'quickstart.sh')
LIST = '.local/share/doc/sluice/installed-files'


class Home:
    """A home directory, and no service manager that could be asked."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix='sluice test-')
        os.mkdir(self.path('.tools'))
        self.write('.tools/systemctl', '#!/bin/sh\nexit 1\n')
        os.chmod(self.path('.tools/systemctl'), 0o700)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text='x'):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def uninstall(self):
        environment = clean_environment()
        environment.update({'HOME': self.directory, 'PATH': f'{self.path(".tools")}:{os.environ["PATH"]}'})
        done = subprocess.run(['sh', QUICKSTART, '--uninstall'], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        check_equal(done.returncode, 0, done.stderr)
        check_equal(done.stderr, '')
        return done.stdout

    def left(self):
        """Everything below .local; directories with a slash."""
        found = []
        for folder, folders, files in os.walk(self.path('.local')):
            found += [os.path.relpath(os.path.join(folder, name), self.path('.local')) + '/' for name in folders]
            found += [os.path.relpath(os.path.join(folder, name), self.path('.local')) for name in files]
        return sorted(found)


def test_listed():
    with Home() as home:
        for name in ('bin/sluiced', 'bin/mine', 'share/dbus-1/interfaces/one.xml', 'share/sluice/sluice.db'):
            home.write('.local/' + name)
        home.write(LIST, 'bin/sluiced\nshare/dbus-1/\nshare/dbus-1/interfaces/\nshare/dbus-1/interfaces/one.xml\n'
                         'share/doc/\nshare/doc/sluice/\nshare/doc/sluice/installed-files\nbin/\nshare/\nbin/gone\n/\n')
        check_in('removed', home.uninstall())
        check_equal(home.left(), ['bin/', 'bin/mine', 'share/', 'share/sluice/', 'share/sluice/sluice.db'])
        check_in('Nothing was installed', home.uninstall())


def test_all_of_it():
    with Home() as home:
        home.write('.local/bin/sluiced')
        home.write(LIST, '/\nbin/\nbin/sluiced\nshare/\nshare/doc/\nshare/doc/sluice/\n'
                         'share/doc/sluice/installed-files\n')
        home.uninstall()
        check(not os.path.exists(home.path('.local')), f'left: {home.left()}')


def test_without_a_list():
    """Earlier versions wrote none."""
    with Home() as home:
        for name in ('bin/sluiced', 'share/systemd/user/sluice.service', 'share/systemd/user/sluice.socket',
                     'share/systemd/user/sluice-v6.socket', 'share/dbus-1/interfaces/io.github.sluice.Gateway1.xml',
                     'share/dbus-1/services/io.github.sluice.Gateway1.service', 'share/doc/sluice/hardening.conf',
                     'share/systemd/user/other.service', 'share/sluice/sluice.db'):
            home.write('.local/' + name)
        home.uninstall()
        check_equal([name for name in home.left() if not name.endswith('/')],
                    ['share/sluice/sluice.db', 'share/systemd/user/other.service'])
        check('share/doc/sluice/' not in home.left(), 'a directory of ours is left')


def test_list_that_leads_out():
    with Home() as home:
        home.write('mine')
        home.write('empty/x')
        os.remove(home.path('empty/x'))
        home.write(LIST, '../mine\n../empty/\nbin/../../mine\nshare/doc/sluice/installed-files\n\n')
        home.uninstall()
        check(os.path.exists(home.path('mine')) and os.path.isdir(home.path('empty')), 'more was removed')


if __name__ == '__main__':
    run_tests(globals())
