package debian

import (
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// libraries are the packages of those libraries whose package is not named by the rule
// (Debian Policy §8.1), or that are so common that they should not depend on it. The
// names hold in bookworm and trixie; where they differ, trixie's stands here.
var libraries = map[string]string{
	"ld-linux-x86-64.so.2": "libc6", "ld-linux-aarch64.so.1": "libc6",
	"libc.so.6": "libc6", "libm.so.6": "libc6", "libdl.so.2": "libc6", "libpthread.so.0": "libc6", "librt.so.1": "libc6",
	"libresolv.so.2": "libc6", "libutil.so.1": "libc6", "libanl.so.1": "libc6", "libmvec.so.1": "libc6",
	"libgcc_s.so.1": "libgcc-s1", "libstdc++.so.6": "libstdc++6", "libatomic.so.1": "libatomic1", "libgomp.so.1": "libgomp1",
	"libz.so.1": "zlib1g", "libbz2.so.1.0": "libbz2-1.0", "liblzma.so.5": "liblzma5", "libzstd.so.1": "libzstd1",
	"libssl.so.3": "libssl3t64", "libcrypto.so.3": "libssl3t64", "libcrypt.so.1": "libcrypt1", "libncursesw.so.6": "libncursesw6",
	"libtinfo.so.6": "libtinfo6", "libcurl.so.4": "libcurl4t64", "libglib-2.0.so.0": "libglib2.0-0t64", "libgobject-2.0.so.0": "libglib2.0-0t64",
	"libgio-2.0.so.0": "libglib2.0-0t64", "libgmodule-2.0.so.0": "libglib2.0-0t64", "libudev.so.1": "libudev1", "libusb-1.0.so.0": "libusb-1.0-0",
	"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2", "libgbm.so.1": "libgbm1", "libX11.so.6": "libx11-6",
	"libX11-xcb.so.1": "libx11-xcb1", "libXext.so.6": "libxext6", "libXi.so.6": "libxi6", "libasound.so.2": "libasound2t64",
	"libnspr4.so": "libnspr4", "libnss3.so": "libnss3", "libnssutil3.so": "libnss3", "libsmime3.so": "libnss3",
	"libatk-1.0.so.0": "libatk1.0-0t64", "libatk-bridge-2.0.so.0": "libatk-bridge2.0-0t64", "libatspi.so.0": "libatspi2.0-0t64",
	"libcups.so.2": "libcups2t64", "libgtk-3.so.0": "libgtk-3-0t64", "libpng16.so.16": "libpng16-16t64", "libjpeg.so.62": "libjpeg62-turbo",
	"libpango-1.0.so.0": "libpango-1.0-0", "libpangocairo-1.0.so.0": "libpangocairo-1.0-0", "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
	"libcairo.so.2": "libcairo2", "libpixman-1.so.0": "libpixman-1-0", "librsvg-2.so.2": "librsvg2-2", "libfreetype.so.6": "libfreetype6",
	"libsqlite3.so.0": "libsqlite3-0", "libpq.so.5": "libpq5", "libsecret-1.so.0": "libsecret-1-0", "libicuuc.so.76": "libicu76", "libicui18n.so.76": "libicu76",
	"libodbc.so.2": "libodbc2", "libaio.so.1t64": "libaio1t64", "libgssapi_krb5.so.2": "libgssapi-krb5-2", "libzmq.so.5": "libzmq5",
}

var soname = lazyregexp.New(`^(lib[A-Za-z0-9+._-]*?)(-[0-9][0-9.]*)?\.so\.([0-9]+)$`)

// Library names the package that brings a shared library, by what its loader calls it,
// "libatomic.so.1". Known is false where the name follows from Debian's rule alone: the
// library's name and the number of its interface. It is "" where the rule gives none.
func Library(name string) (pkg string, known bool) {
	if pkg, ok := libraries[name]; ok {
		return pkg, true
	}
	m := soname().FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	stem := strings.ToLower(strings.ReplaceAll(m[1]+m[2], "_", "-"))
	if last := stem[len(stem)-1]; last >= '0' && last <= '9' {
		stem += "-"
	}
	return stem + m[3], false
}
