#!/bin/sh
# Debian's systemd as the first process of namespaces: container.sh ROOT UPPER PORT LAYERS. Called by container.py as
# root, after unshare -m -p -n -u -i; prints its pid outside, waits for a line (its interface is there), and boots.
set -eu
root=$1 upper=$2 port=$3 layers=$4
read -r pid rest < /proc/self/stat
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$layers,upperdir=$upper/files,workdir=$upper/work" "$root"
mount -t proc proc "$root/proc"
# Settings of the network are its own; others would be those of the machine that the tests run on.
mount --bind "$root/proc/sys/net" "$root/mnt"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount --move "$root/mnt" "$root/proc/sys/net"
if [ -e /proc/sysrq-trigger ]; then mount --bind /dev/null "$root/proc/sysrq-trigger"; fi
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net" "$root/dev/virtio-ports"
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 fuse:10:229 net/tun:10:200; do
    IFS=: read -r name major minor <<NODE
$node
NODE
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done
mount -t devpts -o newinstance,ptmxmode=666,gid=5,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
# Container engines keep layers of their own, which may not lie on this one's.
for folder in /var/lib/docker /var/lib/containers /home/ada/.local/share/containers; do
    mkdir -p "$root$folder"
    mount -t tmpfs tmpfs "$root$folder"
done
chown -R 1000:1000 "$root/home/ada"
# Rootless containers may mount only what is seen whole elsewhere (namespaces(7)); crun wants no limit that nobody counts.
mkdir -p "$root/run/host/proc" "$root/etc/containers/containers.conf.d"
mount -t proc proc "$root/run/host/proc"
printf '[containers]\npids_limit = 0\n' > "$root/etc/containers/containers.conf.d/lab.conf"
: > "$root/dev/virtio-ports/landiag"
mount --bind "$port" "$root/dev/virtio-ports/landiag"
hostname kiosk
echo "$pid"
read -r go
cd "$root"
pivot_root . .
umount -l .
mount --make-rshared /
exec env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    setpriv --bounding-set -sys_module,-sys_time,-sys_rawio /lib/systemd/systemd --show-status=no
