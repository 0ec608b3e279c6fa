//! The few system calls that the standard library does not offer: epoll, timerfd, eventfd, recvmmsg.
//! All `unsafe` of this crate is here.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Waits for sockets, the timer and the mailbox.
pub(crate) struct Poll(OwnedFd);

/// A key for each ready descriptor.
pub(crate) struct Ready {
    events: Box<[libc::epoll_event]>,
    count: usize,
}

impl Poll {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no pointers; the result is checked before it is owned.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: `fd` was just created and nobody else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Reports `fd` with `key` for as long as it is readable.
    pub(crate) fn add(&self, fd: &impl AsRawFd, key: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: key };
        // SAFETY: both descriptors are open, `event` lives through the call.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_ADD, fd.as_raw_fd(), &mut event) })?;
        Ok(())
    }

    /// No longer reports `fd`.
    pub(crate) fn remove(&self, fd: &impl AsRawFd) {
        // SAFETY: DEL ignores the event pointer, which may be null since Linux 2.6.9.
        unsafe { libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_DEL, fd.as_raw_fd(), std::ptr::null_mut()) };
    }

    /// Waits until something is ready; an interrupted wait is an empty one.
    pub(crate) fn wait(&self, ready: &mut Ready, limit: Duration) {
        let ms = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
        let room = ready.events.len() as i32;
        // SAFETY: the buffer has `room` entries.
        let n = unsafe { libc::epoll_wait(self.0.as_raw_fd(), ready.events.as_mut_ptr(), room, ms) };
        ready.count = usize::try_from(n).unwrap_or(0);
    }
}

impl Ready {
    pub(crate) fn with_room(room: usize) -> Self {
        Self { events: vec![libc::epoll_event { events: 0, u64: 0 }; room.max(1)].into(), count: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn key(&self, at: usize) -> u64 {
        self.events[at].u64
    }
}

/// A clock that fires at fixed points of monotonic time.
pub(crate) struct Timer(OwnedFd);

impl Timer {
    pub(crate) fn every(period: Duration) -> io::Result<Self> {
        // SAFETY: no pointers; the result is checked before it is owned.
        let fd = check(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) })?;
        // SAFETY: `fd` was just created and nobody else owns it.
        let timer = Self(unsafe { OwnedFd::from_raw_fd(fd) });
        let step = libc::timespec { tv_sec: period.as_secs() as libc::time_t, tv_nsec: period.subsec_nanos().into() };
        let spec = libc::itimerspec { it_interval: step, it_value: step };
        // SAFETY: `spec` lives through the call; the old value is not asked for.
        check(unsafe { libc::timerfd_settime(timer.0.as_raw_fd(), 0, &spec, std::ptr::null_mut()) })?;
        Ok(timer)
    }

    /// How often it fired since the last reading.
    pub(crate) fn fired(&self) -> u64 {
        read_counter(self.0.as_raw_fd())
    }
}

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Wakes a waiting thread from another.
#[derive(Debug)]
pub(crate) struct Wake(OwnedFd);

impl Wake {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no pointers; the result is checked before it is owned.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })?;
        // SAFETY: `fd` was just created and nobody else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub(crate) fn wake(&self) {
        let one = 1u64;
        // SAFETY: eight readable bytes. A full counter (EAGAIN) is awake already.
        unsafe { libc::write(self.0.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    pub(crate) fn clear(&self) {
        read_counter(self.0.as_raw_fd());
    }
}

impl AsRawFd for Wake {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

fn read_counter(fd: RawFd) -> u64 {
    let mut count = 0u64;
    // SAFETY: eight writable bytes; the descriptor does not block.
    let n = unsafe { libc::read(fd, (&raw mut count).cast(), 8) };
    if n == 8 { count } else { 0 }
}

/// Longest datagram that is looked at; longer ones are cut and then fail to parse or lose their end.
pub(crate) const DATAGRAM: usize = 1600;
const BATCH: usize = 8;
const CONTROL: usize = 64;

/// Receives several datagrams in one call, each with its sender and the kernel's time of arrival.
pub(crate) struct Batch {
    data: Box<[[u8; DATAGRAM]; BATCH]>,
    names: Box<[libc::sockaddr_storage; BATCH]>,
    control: Box<[[u64; CONTROL / 8]; BATCH]>,
    /// Length and time of arrival of what the last call brought.
    arrived: [(usize, u64); BATCH],
}

impl Batch {
    /// How many datagrams one call can bring.
    pub(crate) const ROOM: usize = BATCH;

    pub(crate) fn new() -> Self {
        // SAFETY: sockaddr_storage is a plain C structure for which all-zero bytes are a valid value.
        let names = unsafe { Box::new(zeroed()) };
        let control = Box::new([[0; CONTROL / 8]; BATCH]);
        Self { data: Box::new([[0; DATAGRAM]; BATCH]), names, control, arrived: [(0, 0); BATCH] }
    }

    /// Takes what is there, without waiting. 0 when nothing is there or the socket reports an error
    /// (an ICMP message about an earlier packet, for instance), which is thereby taken from it.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> usize {
        // SAFETY: iovec and mmsghdr are plain C structures for which all-zero bytes are a valid value.
        let (mut vectors, mut heads): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) = unsafe { (zeroed(), zeroed()) };
        for i in 0..BATCH {
            vectors[i] = libc::iovec { iov_base: self.data[i].as_mut_ptr().cast(), iov_len: DATAGRAM };
            let head = &mut heads[i].msg_hdr;
            head.msg_name = (&raw mut self.names[i]).cast();
            head.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            head.msg_iov = &raw mut vectors[i];
            head.msg_iovlen = 1;
            head.msg_control = self.control[i].as_mut_ptr().cast();
            head.msg_controllen = CONTROL as _;
        }
        // SAFETY: every head points to buffers that outlive the call, with the lengths they really have.
        let n = unsafe { libc::recvmmsg(socket.as_raw_fd(), heads.as_mut_ptr(), BATCH as u32, libc::MSG_DONTWAIT, std::ptr::null_mut()) };
        let count = usize::try_from(n).unwrap_or(0).min(BATCH);
        for (arrived, head) in self.arrived.iter_mut().zip(&heads[..count]) {
            *arrived = ((head.msg_len as usize).min(DATAGRAM), arrival(&head.msg_hdr));
        }
        count
    }

    /// One of the datagrams of the last call, to be changed in place, its sender (`None` if of no known kind), and when it
    /// arrived, in nanoseconds of an arbitrary clock (0 if unknown).
    pub(crate) fn datagram(&mut self, at: usize) -> (&mut [u8], Option<SocketAddr>, u64) {
        let at = at.min(BATCH - 1);
        let (length, arrived) = self.arrived[at];
        (&mut self.data[at][..length], address(&self.names[at]), arrived)
    }
}

fn arrival(head: &libc::msghdr) -> u64 {
    // SAFETY: the kernel filled `msg_control` and `msg_controllen`; the CMSG macros stay within them. The payload
    // of SCM_TIMESTAMPNS is a timespec, read unaligned.
    unsafe {
        let mut item = libc::CMSG_FIRSTHDR(head);
        while !item.is_null() {
            if (*item).cmsg_level == libc::SOL_SOCKET && (*item).cmsg_type == libc::SCM_TIMESTAMPNS {
                let time: libc::timespec = std::ptr::read_unaligned(libc::CMSG_DATA(item).cast());
                return (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64);
            }
            item = libc::CMSG_NXTHDR(head, item);
        }
    }
    0
}

fn address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the storage holds a sockaddr_in, which is smaller and no stricter aligned.
            let v4 = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in>() };
            Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr))), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above, with sockaddr_in6.
            let v6 = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in6>() };
            Some(SocketAddr::new(IpAddr::V6(Ipv6Addr::from(v6.sin6_addr.s6_addr)), u16::from_be(v6.sin6_port)))
        }
        _ => None,
    }
}

/// Binds a socket that does not block, notes the time of arrival, and has room for a hiccup of the machine.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    let (on, room): (libc::c_int, libc::c_int) = (1, 1 << 18);
    for (option, value) in [(libc::SO_TIMESTAMPNS, &on), (libc::SO_RCVBUF, &room)] {
        // SAFETY: `value` points to a c_int and the length says so. Both options only improve matters: failure is accepted.
        unsafe {
            let length = size_of::<libc::c_int>() as libc::socklen_t;
            libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, (&raw const *value).cast(), length);
        }
    }
    Ok(socket)
}

/// Asks the scheduler to run the calling thread as soon as its time has come, since sound that is late is lost: the
/// lowest real-time class, or, without the right to that (CAP_SYS_NICE, `ulimit -r`), a better nice value, or
/// nothing. The kernel keeps 5 % of each core from real-time threads, so that even a runaway one leaves the machine usable.
pub(crate) fn prefer_this_thread() {
    let lowest = libc::sched_param { sched_priority: 1 };
    // SAFETY: `lowest` lives through the call; 0 is the calling thread.
    let real_time = unsafe { libc::sched_setscheduler(0, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, &lowest) };
    if real_time != 0 {
        // SAFETY: no pointers. On Linux the process id 0 with PRIO_PROCESS means the calling thread.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -15) };
    }
}

/// Processor time that the calling thread has used.
pub(crate) fn thread_cpu() -> Duration {
    // SAFETY: all-zero is a valid timespec.
    let mut time: libc::timespec = unsafe { zeroed() };
    // SAFETY: `time` is writable.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Unforeseeable bits, for SSRC, sequence numbers and timestamps (RFC 3550 §5.1).
pub(crate) fn random() -> u64 {
    let mut bits = 0u64;
    // SAFETY: eight writable bytes.
    let n = unsafe { libc::getrandom((&raw mut bits).cast(), 8, 0) };
    if n == 8 {
        return bits;
    }
    // A kernel without getrandom: the standard library seeds its hashers from what there is.
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_brings_content_sender_and_time() {
        let to = bind("127.0.0.1:0".parse().expect("an address")).expect("a socket");
        let from = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let target = to.local_addr().expect("bound");
        for n in 0..3u8 {
            from.send_to(&vec![n; usize::from(n) + 1], target).expect("sent");
        }
        let mut batch = Batch::new();
        // Loopback delivers within send_to.
        assert_eq!(batch.receive(&to), 3);
        for n in 0..3u8 {
            let (data, sender, arrived) = batch.datagram(usize::from(n));
            assert_eq!(data, vec![n; usize::from(n) + 1]);
            assert_eq!(sender, from.local_addr().ok());
            assert!(arrived > 0);
        }
        assert_eq!(batch.receive(&to), 0);
    }

    #[test]
    fn the_poll_reports_what_is_ready() {
        let poll = Poll::new().expect("epoll");
        let wake = Wake::new().expect("eventfd");
        let timer = Timer::every(Duration::from_secs(3600)).expect("timerfd");
        poll.add(&wake, 7).expect("added");
        poll.add(&timer, 8).expect("added");
        let mut ready = Ready::with_room(4);
        poll.wait(&mut ready, Duration::ZERO);
        assert_eq!(ready.len(), 0);
        wake.wake();
        poll.wait(&mut ready, Duration::from_secs(5));
        assert_eq!((ready.len(), ready.key(0)), (1, 7));
        wake.clear();
        poll.wait(&mut ready, Duration::ZERO);
        assert_eq!(ready.len(), 0);
        assert_eq!(timer.fired(), 0);
    }
}
