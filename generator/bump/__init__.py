"""`gogen bump`: a release, image or action moved in profiles, lock and outputs, or nowhere."""
