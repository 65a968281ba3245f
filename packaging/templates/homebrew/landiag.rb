class Landiag < Formula
  desc "Says why the other devices on the network can't connect to your server"
  homepage "@HOMEPAGE@"
  url "@URL@/landiag-@VERSION@.tar.gz"
  sha256 "@SHA256 landiag-@VERSION@.tar.gz@"
  license "GPL-2.0-or-later"

  depends_on "python@3.13"

  resource "pyz" do
    url "@URL@/landiag.pyz"
    sha256 "@SHA256 landiag.pyz@"
  end

  def install
    libexec.install resource("pyz").files("landiag.pyz")
    (bin/"landiag").write <<~SH
      #!/bin/sh
      exec "#{Formula["python@3.13"].opt_bin}/python3.13" "#{libexec}/landiag.pyz" "$@"
    SH
    man1.install "man/landiag.1"
  end

  test do
    ENV["LANDIAG_PYZ_CACHE"] = testpath/"cache"
    assert_equal "landiag #{version}", shell_output("#{bin}/landiag --version").strip
  end
end
